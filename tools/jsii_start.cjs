// Loads what the kernel of jsii is going to need, before it is asked: node --require jsii_start.cjs program.js
//
// jsii links its packages into a folder with another name in each run, where Node.js finds nothing again that it compiled
// before. Here a folder stays, with the same links, and its paths stand for the kernel's. What the runs before have
// loaded of it is loaded at once, while Python is still busy with its own modules.
"use strict";
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

if (!process.env.BLUEPRINTS_LOADED) return; // a worker of the kernel, which gets its options, and loads little

const list = `${process.env.BLUEPRINTS_LOADED}.json`;
const folder = path.dirname(list); // of these versions of all packages
delete process.env.BLUEPRINTS_LOADED; // which is nobody else's
let theirs; // the kernel's folder

const link = fs.symlinkSync;
fs.symlinkSync = (target, at, ...more) => {
  const [before, name] = at.split(`${path.sep}node_modules${path.sep}`);
  if (name && path.basename(before).startsWith("jsii-kernel-")) {
    linked(target, path.join(folder, "node_modules", name));
    theirs = before + path.sep;
  }
  return link(target, at, ...more);
};

// Other runs may do the same at once.
function linked(target, at) {
  if (fs.existsSync(at) && fs.realpathSync(at) === fs.realpathSync(target)) return;
  const another = `${at}-${process.pid}`;
  fs.mkdirSync(path.dirname(at), { recursive: true });
  link(target, another);
  fs.renameSync(another, at);
}

const resolved = Module._resolveFilename;
Module._resolveFilename = function (...given) {
  const found = resolved.apply(this, given);
  return theirs && found.startsWith(theirs) ? path.join(folder, found.slice(theirs.length)) : found;
};

Module.enableCompileCache?.(path.join(folder, "compiled"));
let known = [];
try {
  known = JSON.parse(fs.readFileSync(list, "utf8"));
  for (const file of known) require(path.join(folder, file));
} catch {
  known = []; // the first run, or one that finds something else: it loads what it needs when it does
}

process.on("exit", () => {
  const inside = folder + path.sep;
  const loaded = Object.keys(require.cache).filter((file) => file.startsWith(inside)).map((file) => file.slice(inside.length));
  if (loaded.every((file) => known.includes(file))) return;
  try {
    fs.writeFileSync(`${list}-${process.pid}`, JSON.stringify([...new Set([...known, ...loaded])]));
    fs.renameSync(`${list}-${process.pid}`, list);
  } catch {} // for want of room, for example
});
