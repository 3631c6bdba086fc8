// The CDK's own diff engine, which `cdk diff` uses as well: templates on stdin, differences on stdout.
// https://github.com/aws/aws-cdk-cli/tree/main/packages/@aws-cdk/cloudformation-diff
"use strict";
const { readFileSync } = require("node:fs");
const { formatDifferences, fullDiff } = require("@aws-cdk/cloudformation-diff");
const { deepEqual, loadResourceModel } = require("@aws-cdk/cloudformation-diff/lib/diff/util");

// The engine knows of whole properties only, and takes turning on Auto Mode for a new cluster. Of these, some parts are
// create-only: https://schema.cloudformation.us-east-1.amazonaws.com/aws-eks-cluster.json, aws-eks-capability.json
const CREATE_ONLY_PARTS = {
  "AWS::EKS::Capability": [
    "Configuration/ArgoCd/AwsIdc", "Configuration/ArgoCd/EndpointPrefix", "Configuration/ArgoCd/Namespace"
  ],
  "AWS::EKS::Cluster": [
    "AccessConfig/BootstrapClusterCreatorAdminPermissions",
    "KubernetesNetworkConfig/IpFamily", "KubernetesNetworkConfig/ServiceIpv4Cidr"
  ]
};

function judgeParts(before, after) {
  for (const [type, parts] of Object.entries(CREATE_ONLY_PARTS)) {
    const model = loadResourceModel(type).properties;
    const ids = Object.keys(before.Resources ?? {}).filter((id) => before.Resources[id].Type === type);
    const value = (template, id, part) => part.split("/").reduce((at, key) => at?.[key], template.Resources?.[id]?.Properties);
    const kept = (part) => ids.every((id) => deepEqual(value(before, id, part), value(after, id, part)));
    for (const property of new Set(parts.map((part) => part.split("/")[0]))) {
      const same = parts.filter((part) => part.startsWith(`${property}/`)).every(kept);
      model[property].causesReplacement = same ? "no" : "yes";
    }
  }
}

// Lists of Kubernetes objects as one line of JSON say nothing in a diff, and differ in each cluster by their label.
const OBJECTS = { "Custom::AWSCDK-EKS-KubernetesResource": "Manifest", "Custom::AWSCDK-EKS-HelmChart": "Values" };

function fold(before, after) {
  const [one, other] = [before, after].map((template) => structuredClone(template));
  for (const [id, resource] of Object.entries(other.Resources ?? {})) {
    const [was, is, name] = [one.Resources?.[id]?.Properties, resource.Properties, OBJECTS[resource.Type]];
    if (was && is && name && !deepEqual(was[name], is[name])) {
      [was[name], is[name]] = ["as it was", "as the sections about objects and values tell"];
    }
  }
  return [one, other];
}

// A blueprint that retains everything from now on, or no longer, says the same of each resource.
const POLICIES = ["DeletionPolicy", "UpdateReplacePolicy"];
const FROM_GIT = "Git:"; // tools/gitops/assembly.py

function isRetained({ Resources: resources = {} }) {
  const ids = Object.keys(resources).filter((id) => !id.startsWith(FROM_GIT));
  return ids.length > 0 && ids.every((id) => resources[id].DeletionPolicy?.startsWith("Retain"));
}

function foldPolicies(one, other) {
  const [was, is] = [one, other].map(isRetained);
  const ids = Object.keys(other.Resources ?? {}).filter((id) => one.Resources?.[id]);
  const differing = ids.filter((id) => POLICIES.some((name) => one.Resources[id][name] !== other.Resources[id][name]));
  if (was === is || differing.length === 0) return "";
  for (const id of differing) {
    for (const template of [one, other]) {
      for (const name of POLICIES) delete template.Resources[id][name];
    }
  }
  const words = is ? "all resources are retained" : "no longer all resources are retained";
  return `[~] ${POLICIES.join(" and ")} of ${differing.length}: ${words}\n`;
}

const compared = JSON.parse(readFileSync(0, "utf8")).map(({ before, after, paths, folded }) => {
  judgeParts(before, after);
  const difference = fullDiff(before, after);
  const resources = [];
  difference.resources.forEachDifference((id, resource) => {
    const properties = {};
    resource.forEachDifference((kind, name, { changeImpact }) => {
      properties[kind === "Property" ? name : kind] = changeImpact ?? "NO_CHANGE";
    });
    resources.push({ id, impact: resource.changeImpact, properties });
  });
  let [text, shown] = ["", difference];
  if (folded) {
    const [one, other] = fold(before, after);
    text = foldPolicies(one, other);
    shown = fullDiff(one, other);
  }
  formatDifferences({ write: (words) => { text += words; return true; } }, shown, paths);
  return { resources, text: text.trim() };
});
process.stdout.write(JSON.stringify(compared));
