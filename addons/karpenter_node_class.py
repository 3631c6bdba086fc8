"""How Karpenter's nodes are made. https://karpenter.sh/docs/concepts/nodeclasses"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from addons.tags import TagKey, TagValue
from blueprint.errors import Problem
from blueprint.fields import between, matches
from blueprint.kubernetes import Manifest
from blueprint.references import instance_profile
from blueprint.value import Value

# The API server refuses them; they say whose an instance is. https://karpenter.sh/docs/concepts/nodeclasses/#spectags
_RESERVED_TAGS = ("kubernetes.io/cluster", "karpenter.sh/", "karpenter.k8s.aws/")
_RELEASE = matches(r"v20\d{6}", "must be a release of the EKS image, never `latest`", 'write for example "v20260714"')


class NodeClass(Value):
    """Amazon Linux 2023 with IMDSv2, hop limit 1 and an encrypted volume, in the subnets tagged
    `karpenter.sh/discovery: <cluster>`, with the cluster's security group.
    """

    # renovate: datasource=github-tags depName=awslabs/amazon-eks-ami
    ami: Annotated[str, _RELEASE] = "v20260714"
    """A change replaces all nodes. https://github.com/awslabs/amazon-eks-ami/releases"""
    disk_gib: Annotated[int, between(20, 16_384, "GiB")] = 50
    tags: Mapping[TagKey, TagValue] = field(default_factory=dict)
    """AWS tags of instances and volumes, for example for cost allocation."""

    def problems(self) -> Iterator[Problem]:
        for key in self.tags:
            if key.startswith(_RESERVED_TAGS):
                yield Problem(f"tags[{key!r}]", key, "Karpenter keeps its books in this tag", "choose another key")

    def manifest(self, name: str, *, cluster: str, role: str) -> Manifest:
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
                "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": cluster}}],
                # EKS puts this tag on the cluster's own security group, and on no other.
                "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": cluster}}],
                "metadataOptions": {
                    "httpEndpoint": "enabled",
                    "httpTokens": "required",
                    "httpPutResponseHopLimit": 1,
                    "httpProtocolIPv6": "disabled",
                },
                "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": ebs}],
                "tags": dict(self.tags),
            },
        }
