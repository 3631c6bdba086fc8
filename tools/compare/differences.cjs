// The CDK's own diff engine, which `cdk diff` uses as well: templates on stdin, differences on stdout.
// https://github.com/aws/aws-cdk-cli/tree/main/packages/@aws-cdk/cloudformation-diff
"use strict";
const { readFileSync } = require("node:fs");
const { formatDifferences, fullDiff } = require("@aws-cdk/cloudformation-diff");

const compared = JSON.parse(readFileSync(0, "utf8")).map(({ before, after, paths }) => {
  const difference = fullDiff(before, after);
  const resources = [];
  difference.resources.forEachDifference((id, resource) => {
    const properties = {};
    resource.forEachDifference((kind, name, { changeImpact }) => {
      properties[kind === "Property" ? name : kind] = changeImpact ?? "NO_CHANGE";
    });
    resources.push({ id, impact: resource.changeImpact, properties });
  });
  let text = "";
  formatDifferences({ write: (words) => { text += words; return true; } }, difference, paths);
  return { resources, text: text.trim() };
});
process.stdout.write(JSON.stringify(compared));
