"""The blueprint's own fields: identity and tags."""

from __future__ import annotations

import pytest

from blueprint import plan
from tests.blueprint.examples import SMALL, TABLE, assert_reported, changed, mistake, places


def tagged(key: str, value: str = "a") -> object:
    return changed(SMALL, tags={key: value})


RESERVED = [
    # karpenter-provider-aws v1.14.1 pkg/apis/v1/ec2nodeclass.go (rules of Tags)
    *("eks:eks-cluster-name", "kubernetes.io/cluster/x", "karpenter.sh/nodepool", "karpenter.sh/nodeclaim"),
    "karpenter.k8s.aws/ec2nodeclass",
    # aws-load-balancer-controller v3.5.0 pkg/config/controller_config.go:60 (trackingTagKeys), pkg/deploy/tracking
    *("elbv2.k8s.aws/cluster", "elbv2.k8s.aws/resource", "aga.k8s.aws/stack"),
    *(f"{kind}.k8s.aws/{of}" for kind in ("ingress", "service") for of in ("stack", "resource")),
    *(f"gateway.k8s.aws.{kind}/{of}" for kind in ("alb", "nlb") for of in ("stack", "resource")),
    # aws-ebs-csi-driver v1.64.0 pkg/driver/validation.go (validateExtraTags), pkg/cloud/cloud.go:126-130
    *("CSIVolumeName", "CSIVolumeSnapshotName", "kubernetes.io.x", "ebs.csi.aws.com/cluster"),
    # amazon-vpc-cni-k8s v1.22.4 README.md (ADDITIONAL_ENI_TAGS)
    *("k8s.amazonaws.com/x", "node.k8s.amazonaws.com/instance_id"),
    # AmazonEKSBlockStoragePolicy, AmazonEKSLoadBalancingPolicy (aws:TagKeys)
    *("ebs.csi.eks.amazonaws.com/cluster", "KubernetesCluster", "ingress.eks.amazonaws.com/stack"),
    *("service.eks.amazonaws.com/resource", "gateway.eks.amazonaws.com.alb/stack"),
    # The EBS driver's permissions ask for it, node groups and Karpenter set it.
    *("eks-cluster", "Name"),
]
MISTAKES = [
    mistake(
        "reserved by AWS", tagged("aws:createdBy"), "tags['aws:createdBy']", "not beginning with aws:", "cost-center"
    ),
    mistake("reserved, capitals", tagged("AWS:x"), "tags['AWS:x']", "not beginning with aws:", "cost-center"),
    mistake(
        "of controllers", tagged("kubernetes.io/cluster/dev"), "tags['kubernetes.io/cluster/dev']", "whose", "another"
    ),
    *(
        mistake(f"reserved {key}", tagged(key), f"tags[{key!r}]", "whose a resource is", "choose another")
        for key in RESERVED
    ),
    mistake("empty key", tagged(""), "tags['']", "1 to 128", "cost-center"),
    mistake("empty value", tagged("a", ""), "tags['a']", "1 to 256", "platform"),
    mistake("long key", tagged("k" * 129), f"tags['{'k' * 129}']", "1 to 128", "cost-center"),
    mistake("long value", tagged("a", "v" * 257), "tags['a']", "1 to 256", "platform"),
    mistake("comma", tagged("a", "b,c=d"), "tags['a']", "letters, digits, _", "platform"),
    mistake("space before", tagged("a", " b"), "tags['a']", "spaces between them", "platform"),
    mistake("space behind", tagged("a ", "b"), "tags['a ']", "spaces between them", "cost-center"),
    # YAML reads a mapping there: `- --default-tags=a=b: c` of the load balancer controller's chart
    mistake("a colon and a space", tagged("a", "b: c"), "tags['a']", "none behind a colon", "platform"),
    mistake(
        "41 tags", changed(SMALL, tags={f"t{n}": "a" for n in range(41)}), "tags", "at most 40 tags", "40 or fewer"
    ),
    mistake("short account", changed(SMALL, account="11111111111"), "account", "12 digits", '"111111111111"'),
    mistake("a zone as region", changed(SMALL, region="us-west-2a"), "region", "region in which EKS is", '"us-west-2"'),
    mistake("41 letters", changed(SMALL, name="a" * 41), "name", "1 to 40 lowercase letters", '"prod"'),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_wrong_identity_hides_no_mistake_behind_it() -> None:
    wrong = changed(SMALL, name="Dev", account=1, region=None, tags=None, addons=SMALL.addons[:2])
    assert places(wrong) == ["name", "account", "region", "tags", "addons[0]"]


@pytest.mark.parametrize(
    "key", ["name", "Names", "eks", "eks-cluster-name", "example.com/Name", "csi", "team.k8s.io/x"]
)
def test_tags_that_only_look_reserved(key: str) -> None:
    assert plan(changed(SMALL, tags={key: "a"})).facts.tags == ((key, "a"),)


def test_tags_of_every_allowed_character() -> None:
    tags = {"Cost_center.a/b+c@d:e-1 x": "x/Y.z:1@2+3-4_5", "cost center": "R and D :1"}
    assert dict(plan(changed(SMALL, tags=tags)).facts.tags) == tags
