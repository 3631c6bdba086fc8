"""Configuration schemas as AWS shows them, of versions that the lock does not have: so they stand here alone.

https://docs.aws.amazon.com/cli/latest/reference/eks/describe-addon-configuration.html, examples 1 and 2. Of
CoreDNS it is all, of the VPC CNI what tests ask about.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COREDNS_VERSION = "v1.8.7-eksbuild.4"
COREDNS = (
    '{"$ref":"#/definitions/Coredns","$schema":"http://json-schema.org/draft-06/schema#","definitions":{"Coredns":'
    '{"additionalProperties":false,"properties":{"computeType":{"type":"string"},"corefile":{"description":"Entire '
    'corefile contents to use with installation","type":"string"},"nodeSelector":{"additionalProperties":{"type":'
    '"string"},"type":"object"},"replicaCount":{"type":"integer"},"resources":{"$ref":"#/definitions/Resources"}},'
    '"title":"Coredns","type":"object"},"Limits":{"additionalProperties":false,"properties":{"cpu":{"type":"string"},'
    '"memory":{"type":"string"}},"title":"Limits","type":"object"},"Resources":{"additionalProperties":false,'
    '"properties":{"limits":{"$ref":"#/definitions/Limits"},"requests":{"$ref":"#/definitions/Limits"}},"title":'
    '"Resources","type":"object"}}}'
)
VPC_CNI = (
    '{"$ref":"#/definitions/VpcCni","$schema":"http://json-schema.org/draft-06/schema#","definitions":{"Affinity":'
    '{"type":["object","null"]},"EniConfig":{"additionalProperties":false,"properties":{"create":{"type":"boolean"},'
    '"region":{"type":"string"},"subnets":{"additionalProperties":{"additionalProperties":false,"properties":{"id":'
    '{"type":"string"},"securityGroups":{"items":{"type":"string"},"type":"array"}},"required":["id"],"type":"object"},'
    '"minProperties":1,"type":"object"}},"required":["create","region","subnets"],"type":"object"},"Env":'
    '{"additionalProperties":false,"properties":{"ENABLE_PREFIX_DELEGATION":{"format":"boolean","type":"string"},'
    '"WARM_ENI_TARGET":{"format":"integer","type":"string"},"WARM_PREFIX_TARGET":{"format":"integer","type":'
    '"string"}},"title":"Env","type":"object"},"Tolerations":'
    '{"additionalProperties":false,"items":{"type":"object"},"type":"array"},"VpcCni":{"additionalProperties":false,'
    '"properties":{"affinity":{"$ref":"#/definitions/Affinity"},"enableNetworkPolicy":{"format":"boolean","type":'
    '"string"},"eniConfig":{"$ref":"#/definitions/EniConfig"},"env":{"$ref":"#/definitions/Env"},'
    '"livenessProbeTimeoutSeconds":{"type":"integer"},"tolerations":{"$ref":"#/definitions/Tolerations"}},"title":'
    '"VpcCni","type":"object"}},"description":"vpc-cni"}'
)


def write(folder: Path, addon: str, version: str, schema: str | Mapping[str, Any]) -> None:
    """As `make versions` does, for whatever version."""
    folder.mkdir(exist_ok=True)
    found = json.loads(schema) if isinstance(schema, str) else schema
    (folder / f"{addon}.json").write_text(json.dumps({version: found}), encoding="utf-8")
