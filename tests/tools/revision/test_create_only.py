"""The diff engine's specification against CloudFormation's own schemas, which cfn-lint ships."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tests.templates import Templates

# Where the specification says more or less than the schema.
KNOWN = {
    "AWS::EC2::EIP": {"Domain"},
    "AWS::EC2::VPCEndpoint": {"DnsOptions/PrivateDnsPreference", "DnsOptions/PrivateDnsSpecifiedDomains"},
    "AWS::Events::Rule": {"EventBusName"},
    "AWS::Route53::HostedZone": {"DelegationSetId"},
    "AWS::S3::Bucket": {"ObjectLockEnabled"},
    # Parts of this one the project judges by itself.
    "AWS::EKS::Cluster": {"KubernetesNetworkConfig"},
}
SPECIFICATION = """
const { loadAwsServiceSpecSync } = require("@aws-cdk/aws-service-spec");
const database = loadAwsServiceSpecSync();
const types = JSON.parse(process.argv[1]).map((type) => {
  const { properties } = database.lookup("resource", "cloudFormationType", "equals", type).only();
  return [type, Object.keys(properties).filter((name) => properties[name].causesReplacement === "yes")];
});
console.log(JSON.stringify(Object.fromEntries(types)));
"""


@pytest.mark.locked
def test_both_know_the_same_create_only_properties(fleet: Templates, root: Path) -> None:
    types = sorted(
        {
            each["Type"]
            for template in fleet.values()
            for each in template["Resources"].values()
            if each["Type"].startswith("AWS::")
        }
    )
    node = Path(sys.prefix) / "bin" / "node"
    done = subprocess.run(
        (str(node), "-e", SPECIFICATION, json.dumps(types)), cwd=root, capture_output=True, text=True, check=True
    )
    parts = _parts(root)
    for kind, properties in json.loads(done.stdout).items():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", kind).schema
        own = parts.get(kind, set())
        stated = {path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", ())}
        assert stated ^ {*properties, *own} == KNOWN.get(kind, set()), kind


def _parts(root: Path) -> dict[str, set[str]]:
    """Those of `CREATE_ONLY_PARTS`, which is JSON."""
    engine = (root / "tools" / "revision" / "differences.cjs").read_text(encoding="utf-8")
    found = re.search(r"^const CREATE_ONLY_PARTS = (\{.*?^\});$", engine, re.MULTILINE | re.DOTALL)
    assert found
    return {kind: set(parts) for kind, parts in json.loads(found[1]).items()}
