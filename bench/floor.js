// The floor: the constructs of a run of fleet.py, with the same properties, made by JavaScript alone.
//
//   node floor.js CALLS MODULES
//
// CALLS is what Python asked of the CDK; replayed without jsii, it stays the same work however stacks/ changes.
"use strict";

const { readFileSync } = require("fs");
const { createRequire } = require("module");

const [calls, modules] = process.argv.slice(2);
const load = createRequire(`${modules}/`);
process.env.CDK_VALIDATION = "false"; // as fleet.py
const TOKEN = /[$#]\{Token\[[^\]]+\]\}/g; // stands for a value until synthesis; its number differs from run to run

const types = new Map();
const objects = new Map();
const tokens = new Map();

function type(name) {
  if (!types.has(name)) {
    const [assembly, ...path] = name.split(".");
    types.set(name, path.reduce((found, key) => found[key], load(assembly)));
  }
  return types.get(name);
}

function value(data) {
  if (typeof data === "string") return data.includes("{Token[") ? data.replace(TOKEN, (token) => tokens.get(token)) : data;
  if (typeof data !== "object") return data;
  if (data === null) return undefined; // an argument that was not given
  if (Array.isArray(data)) return data.map(value);
  if ("$jsii.byref" in data) return objects.get(data["$jsii.byref"]);
  if ("$jsii.enum" in data) {
    const [, name, member] = data["$jsii.enum"].match(/(.*)\/(.*)/);
    return type(name)[member];
  }
  const made = {};
  for (const key in data) made[value(key)] = value(data[key]);
  return made;
}

// What Python got and may give back later is here what JavaScript got.
function learn(got, here) {
  if (typeof got === "string") {
    const found = String(here).match(TOKEN);
    got.match(TOKEN)?.forEach((token, index) => tokens.set(token, found[index]));
  } else if (typeof got === "object") {
    if ("$jsii.byref" in got) objects.set(got["$jsii.byref"], here);
    else for (const key in got) learn(got[key], here[key]);
  }
}

const play = {
  load() {},
  create: ({ fqn, args, answer }) => learn(answer, new (type(fqn))(...args.map(value))),
  get: ({ objref, property, answer }) => learn(answer.value, value(objref)[property]),
  sget: ({ fqn, property, answer }) => learn(answer.value, type(fqn)[property]),
  set: ({ objref, property, value: given }) => { value(objref)[property] = value(given); },
  sset: ({ fqn, property, value: given }) => { type(fqn)[property] = value(given); },
  invoke: ({ objref, method, args, answer }) => learn(answer.result, value(objref)[method](...args.map(value))),
  sinvoke: ({ fqn, method, args, answer }) => learn(answer.result, type(fqn)[method](...args.map(value))),
};

for (const call of JSON.parse(readFileSync(calls, "utf8"))) {
  if (call.overrides?.length) throw new Error(`Python overrides methods of ${call.fqn}, which has no counterpart here`);
  play[call.api](call);
}

console.log(process.resourceUsage().maxRSS * 1024); // the most memory it had, in bytes
