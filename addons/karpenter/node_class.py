"""How Karpenter's nodes are made. https://karpenter.sh/docs/concepts/nodeclasses"""

from __future__ import annotations

from typing import Annotated

from blueprint.facts import ClusterFacts
from blueprint.fields import between, matches
from blueprint.kubernetes import Manifest
from blueprint.references import instance_profile
from blueprint.value import Value

_RELEASE = matches(r"v20\d{6}", "must be a release of the EKS image, never `latest`", 'write for example "v20260714"')


class NodeClass(Value):
    """Amazon Linux 2023 with IMDSv2, hop limit 1 and an encrypted volume, in the subnets tagged
    `karpenter.sh/discovery: <cluster>`, with the cluster's security group.
    """

    # renovate: datasource=github-tags depName=awslabs/amazon-eks-ami
    ami: Annotated[str, _RELEASE] = "v20260714"
    """A change replaces all nodes. https://github.com/awslabs/amazon-eks-ami/releases"""
    disk_gib: Annotated[int, between(20, 16_384, "GiB")] = 50

    def manifest(self, name: str, facts: ClusterFacts, role: str) -> Manifest:
        """The object of kind EC2NodeClass; `role` is the name of the node role."""
        ebs = {"volumeSize": f"{self.disk_gib}Gi", "volumeType": "gp3", "encrypted": True, "deleteOnTermination": True}
        return {
            "apiVersion": "karpenter.k8s.aws/v1",
            "kind": "EC2NodeClass",
            "metadata": {"name": name},
            "spec": {
                # Not `role`: the controller would make profiles itself, and need permissions to do so.
                "instanceProfile": instance_profile(role),
                "amiSelectorTerms": [{"alias": f"al2023@{self.ami}"}],
                "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": facts.name}}],
                # EKS puts this tag on the cluster's own security group, and on no other.
                "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": facts.name}}],
                "metadataOptions": {
                    "httpEndpoint": "enabled",
                    "httpTokens": "required",
                    "httpPutResponseHopLimit": 1,
                    "httpProtocolIPv6": "disabled",
                },
                "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": ebs}],
                "tags": dict(facts.tags),
            },
        }
