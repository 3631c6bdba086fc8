"""How Karpenter's nodes are made. https://karpenter.sh/docs/concepts/nodeclasses"""

from __future__ import annotations

from typing import Annotated

from blueprint.facts import ClusterFacts
from blueprint.fields import between, matches
from blueprint.images import parameter, release
from blueprint.instances import PODS_WITH_PREFIXES, Architecture
from blueprint.kubernetes import Manifest
from blueprint.references import instance_profile
from blueprint.value import Value

_RELEASE = matches(r"v20\d{6}", "must be a release of the EKS image, never `latest`", 'write for example "v20260714"')


class NodeClass(Value):
    """Amazon Linux 2023 with IMDSv2, hop limit 1 and an encrypted volume, in the subnets of nodes, with the cluster's
    security group.
    """

    ami: Annotated[str, _RELEASE] | None = None
    """Release of the image; that of `facts/node_images.toml` when None. A change replaces all nodes."""
    disk_gib: Annotated[int, between(20, 16_384, "GiB")] = 50
    """Size of a node's volume."""

    def image(self, version: str) -> str:
        """Its release, for a Kubernetes minor."""
        return self.ami or f"v{release('AL2023', version).rpartition('-')[2]}"

    def image_parameter(self, version: str, cpu: Architecture) -> str:
        """The SSM parameter by which Karpenter finds the image for a Kubernetes minor, which is the control plane's."""
        return parameter("AL2023", version, cpu, None, f"{version}-{self.image(version).removeprefix('v')}")

    def manifest(self, name: str, facts: ClusterFacts, role: str) -> Manifest:
        """The object of kind EC2NodeClass; `role` is the name of the node role."""
        # Karpenter takes the number of pods from addresses, and knows nothing of prefixes (pkg/providers/amifamily).
        kubelet = {"kubelet": {"maxPods": PODS_WITH_PREFIXES}} if facts.prefix_delegation else {}
        ebs = {"volumeSize": f"{self.disk_gib}Gi", "volumeType": "gp3", "encrypted": True, "deleteOnTermination": True}
        return {
            "apiVersion": "karpenter.k8s.aws/v1",
            "kind": "EC2NodeClass",
            "metadata": {"name": name},
            "spec": {
                # Not `role`: the controller would make profiles itself, and need permissions to do so.
                "instanceProfile": instance_profile(role),
                "amiSelectorTerms": [{"alias": f"al2023@{self.image(facts.version)}"}],
                "subnetSelectorTerms": [{"id": subnet} for subnet in facts.node_subnets],
                # EKS puts this tag on the cluster's own security group, and on no other.
                "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": facts.name}}],
                "metadataOptions": {
                    "httpEndpoint": "enabled",
                    "httpTokens": "required",
                    "httpPutResponseHopLimit": 1,
                    # Not with IPv6 either: https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html (feature
                    # support). Karpenter's own default would open it then: pkg/providers/amifamily/resolver.go.
                    "httpProtocolIPv6": "disabled",
                },
                "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": ebs}],
                **kubelet,
                "tags": dict(facts.tags),
            },
        }
