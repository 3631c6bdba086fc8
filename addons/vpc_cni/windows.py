"""What the CNI's chart says to the controller that gives pods on Windows their addresses."""

from __future__ import annotations

from blueprint.addons import ClusterFacts, Values


def values(facts: ClusterFacts, *, prefixes: bool) -> Values:
    """Keys of amazon-vpc-cni-k8s v1.22.4 charts/aws-vpc-cni/templates/configmap.yaml, whose values are texts."""
    if not facts.windows:
        return {}
    return {"enableWindowsIpam": "true", **({"enableWindowsPrefixDelegation": "true"} if prefixes else {})}
