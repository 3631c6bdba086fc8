"""What a plan adds to EKS Auto Mode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from blueprint import AutoMode, AutoNodeClass, Blueprint, plan
from blueprint.iam import policy
from blueprint.kubernetes import Manifest
from blueprint.node_pool import NodePool
from blueprint.node_requirement import NodeRequirement
from tests.addons import support
from tests.blueprint.examples import AUTO, SMALL, TEAM, assert_reported, changed, part, places
from tests.permissions.evaluator import allowed

TAGS = {"cost-center": "42", "team": "platform"}
KEY = "arn:aws:kms:us-west-2:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
SUBNET, GROUP = "subnet-00000000000000000", "sg-00000000000000000"
DEFAULT = "storageclass.kubernetes.io/is-default-class"


def made(blueprint: Blueprint) -> dict[tuple[str, str], Manifest]:
    objects = part(plan(blueprint), "auto-mode").objects
    return {(one["kind"], one["metadata"]["name"]): support.deployed(one) for one in objects}


def classes(blueprint: Blueprint) -> dict[str, Mapping[str, Any]]:
    found = {name: one for (kind, name), one in made(blueprint).items() if kind == "StorageClass"}
    assert len({json.dumps(one["parameters"]) for one in found.values()}) == len(found)
    return found


def the_default(blueprint: Blueprint) -> tuple[str, Mapping[str, Any]]:
    ((name, one),) = (
        (name, one) for name, one in classes(blueprint).items() if one["metadata"]["annotations"][DEFAULT] == "true"
    )
    return name, one["parameters"]


TAGGED = replace(AUTO, tags=TAGS)


def test_without_tags_there_is_one_class_of_each() -> None:
    assert set(made(AUTO)) == {("ConfigMap", "amazon-vpc-cni"), ("StorageClass", "gp3"), ("IngressClass", "alb")}
    assert the_default(AUTO) == ("gp3", {"type": "gp3", "encrypted": "true"})
    assert plan(AUTO).control_plane.role.statements == ()


def test_beside_nodes_the_add_on_of_the_network_brings_its_own_switch() -> None:
    """amazon-vpc-cni-k8s charts/aws-vpc-cni/templates/configmap.yaml makes the ConfigMap amazon-vpc-cni."""
    mixed = replace(SMALL, compute=(*SMALL.compute, AutoMode()))
    assert "ConfigMap" not in {kind for kind, _ in made(mixed)}


def test_volumes_carry_the_tags() -> None:
    """Amazon-eks-user-guide automode/create-storage-class.adoc:203; docs/tagging.md:13-39 of aws-ebs-csi-driver."""
    name, parameters = the_default(TAGGED)
    assert {value for key, value in parameters.items() if key.startswith("tagSpecification_")} == {
        "cost-center=42",
        "team=platform",
    }
    assert sorted(key for key in parameters if "_" in key) == ["tagSpecification_1", "tagSpecification_2"]
    assert classes(TAGGED)["gp3"]["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert name != the_default(replace(AUTO, tags={**TAGS, "team": "search"}))[0], "parameters never change"
    assert name == the_default(replace(AUTO, tags=dict(reversed(TAGS.items()))))[0]


def test_load_balancers_carry_the_tags() -> None:
    """Amazon-eks-user-guide automode/auto-configure-alb.adoc:36,62,160."""
    found = made(TAGGED)
    assert found["IngressClassParams", "alb"] == {
        "apiVersion": "eks.amazonaws.com/v1",
        "kind": "IngressClassParams",
        "metadata": {"name": "alb"},
        "spec": {"tags": [{"key": "cost-center", "value": "42"}, {"key": "team", "value": "platform"}]},
    }
    assert found["IngressClass", "alb"]["spec"]["parameters"] == {
        "apiGroup": "eks.amazonaws.com",
        "kind": "IngressClassParams",
        "name": "alb",
    }
    assert list(found).index(("IngressClassParams", "alb")) < list(found).index(("IngressClass", "alb"))


def test_beside_nodes_the_classes_have_names_of_their_own() -> None:
    mixed = replace(SMALL, compute=(*SMALL.compute, AutoMode()), tags=TAGS)
    assert ("IngressClass", "alb-auto-mode") in made(mixed)
    assert [name[:13] for name in classes(mixed)] == ["gp3-auto-mode", "gp3-auto-mode"]
    assert {one["metadata"]["annotations"][DEFAULT] for one in classes(mixed).values()} == {"false"}


KEYED = replace(AUTO, compute=(AutoMode(kms_key_arn=KEY),))


def test_volumes_under_a_key() -> None:
    """Amazon-eks-user-guide automode/create-storage-class.adoc:130 (kmsKeyId)."""
    assert the_default(KEYED)[1] == {"type": "gp3", "encrypted": "true", "kmsKeyId": KEY}
    permissions = plan(KEYED).control_plane.role.statements
    via = {"kms:ViaService": "ec2.us-west-2.amazonaws.com"}
    assert support.allowed(permissions, "kms:GenerateDataKeyWithoutPlaintext", KEY, via)
    assert support.allowed(permissions, "kms:CreateGrant", KEY, {**via, "kms:GrantIsForAWSResource": "true"})
    assert not support.allowed(permissions, "kms:CreateGrant", KEY, via)


def test_a_key_of_another_region() -> None:
    assert places(changed(KEYED, region="eu-west-1")) == ["compute[0].kms_key_arn"]


# --- The cluster's role: with the policies of AWS alone, a tag of one's own is refused ---

POLICIES = (
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
EC2, ELB = "arn:aws:ec2:us-west-2:111111111111:", "arn:aws:elasticloadbalancing:us-west-2:111111111111:"
MAKES = [
    ("ec2:CreateVolume", f"{EC2}volume/vol-1", {}),
    ("ec2:CreateSnapshot", "arn:aws:ec2:us-west-2::snapshot/snap-1", {}),
    ("ec2:CreateSecurityGroup", f"{EC2}security-group/sg-1", {}),
    ("elasticloadbalancing:CreateLoadBalancer", f"{ELB}loadbalancer/app/a/1", {}),
    ("elasticloadbalancing:CreateTargetGroup", f"{ELB}targetgroup/a/1", {}),
    ("elasticloadbalancing:CreateListener", f"{ELB}listener/app/a/1/2", {}),
    ("elasticloadbalancing:CreateRule", f"{ELB}listener-rule/app/a/1/2/3", {}),
    (
        "ec2:RunInstances",
        f"{EC2}instance/i-1",
        {"eks:kubernetes-node-class-name": "default", "eks:kubernetes-node-pool-name": "system"},
    ),
    ("ec2:CreateNetworkInterface", f"{EC2}network-interface/eni-1", {"eks:kubernetes-cni-node-name": "i-1"}),
]


def by_aws() -> list[Any]:
    """AWS's policies for the cluster."""
    documents = json.loads(aws_managed_policies_data)
    return [documents[name]["Document"] for name in POLICIES]


@pytest.mark.parametrize(
    ("action", "resource", "tags"), MAKES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_cluster_may_put_the_tags_on_what_it_makes(action: str, resource: str, tags: dict[str, str]) -> None:
    own = [support.deployed(policy(plan(TAGGED).control_plane.role.statements))]

    def may(documents: list[Any], cluster: str, *more: str) -> bool:
        asked = {"eks:eks-cluster-name": cluster, **tags, **dict.fromkeys(more, "42")}
        context: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in asked.items()}
        session = {"aws:PrincipalTag/eks:eks-cluster-name": "dev"}
        return allowed(documents, action, resource, {**context, **session, "aws:TagKeys": list(asked)})

    assert may(by_aws(), "dev")
    assert not may(by_aws(), "dev", "cost-center")
    assert may(own, "dev", "cost-center")
    assert not may(own, "prod", "cost-center")


def test_all_statements_are_sound_and_name_no_partition() -> None:
    permissions = plan(replace(TAGGED, compute=(AutoMode(kms_key_arn=KEY),))).control_plane.role.statements
    assert not [each for one in permissions for each in support.rules_broken(one)]
    assert support.names_no_partition(plan(TAGGED).control_plane.role.statements)


ON_PRIVATE = NodePool("own", node_class="private")
PRIVATE = AutoNodeClass("private")
WITHOUT_BUILT_IN = AutoMode(node_pools=(), own_node_pools=(ON_PRIVATE,), node_classes=(PRIVATE,))


def on(auto: AutoMode) -> Blueprint:
    return replace(AUTO, compute=(auto,))


class TestOwnPools:
    """Amazon-eks-user-guide at 0026c9df, latest/ug/automode/create-node-class.adoc and create-node-pool.adoc"""

    def first(self, auto: AutoMode) -> dict[str, Any]:
        objects = part(plan(on(auto)), "auto-mode").first_objects
        return {f"{one['kind']} {one['metadata']['name']}": support.deployed(one) for one in objects}

    def test_classes_and_pools_stand_before_what_runs_on_their_nodes(self) -> None:
        found = self.first(WITHOUT_BUILT_IN)
        assert [*found] == ["NodeClass private", "NodePool own"]
        assert found["NodePool own"]["spec"]["template"]["spec"]["nodeClassRef"] == {
            "group": "eks.amazonaws.com",
            "kind": "NodeClass",
            "name": "private",
        }
        assert found["NodeClass private"]["spec"]["role"] == "<role-name:auto-mode-nodes>"

    def test_labels_of_instances_are_those_of_auto_mode(self) -> None:
        """The guide has no kubernetes.io/os (not supported), and no operator Gte."""
        asked = self.first(WITHOUT_BUILT_IN)["NodePool own"]["spec"]["template"]["spec"]["requirements"]
        assert [each["key"] for each in asked] == [
            "kubernetes.io/arch",
            "karpenter.sh/capacity-type",
            "eks.amazonaws.com/instance-category",
            "eks.amazonaws.com/instance-generation",
        ]
        assert asked[-1] == {"key": "eks.amazonaws.com/instance-generation", "operator": "Gt", "values": ["4"]}

    def test_their_nodes_have_a_role_and_are_let_in(self) -> None:
        """The entry is of type EC2, with one policy for the whole cluster: create-node-class.adoc, access entry."""
        auto = plan(on(WITHOUT_BUILT_IN)).control_plane.auto_mode
        assert auto is not None
        assert auto.role is None
        assert auto.own_role is not None
        assert set(auto.own_role.managed_policies) == {
            "AmazonEKSWorkerNodeMinimalPolicy",
            "AmazonEC2ContainerRegistryPullOnly",
        }
        assert auto.own_access is not None
        assert (auto.own_access.kind, auto.own_access.groups) == ("EC2", ())
        assert [policy.name for policy in auto.own_access.policies] == ["AmazonEKSAutoNodePolicy"]
        beside = plan(on(AutoMode())).control_plane.auto_mode
        assert beside is not None
        assert (beside.own_role, beside.own_access) == (None, None)

    def test_a_class_of_eks_comes_with_a_built_in_pool(self) -> None:
        """set-builtin-node-pools: "Enabling at least one built-in NodePool is required for EKS to provision" it."""
        pool = NodePool("own")
        assert [*self.first(AutoMode(own_node_pools=(pool,)))] == ["NodePool own"]
        assert places(on(AutoMode(node_pools=(), own_node_pools=(pool,)))) == [
            "compute[0].own_node_pools[0].node_class"
        ]

    @pytest.mark.parametrize(
        ("auto", "place"),
        [
            (AutoMode(node_pools=()), "node_pools"),
            (AutoMode(own_node_pools=(NodePool("system"),)), "own_node_pools[0].name"),
            (AutoMode(own_node_pools=(NodePool("a"), NodePool("a"))), "own_node_pools[1].name"),
            (AutoMode(node_classes=(PRIVATE, PRIVATE)), "node_classes[1].name"),
            (AutoMode(node_classes=(AutoNodeClass("default"),)), "node_classes[0].name"),
            (AutoMode(own_node_pools=(NodePool("a", capacity=("RESERVED",)),)), "own_node_pools[0].capacity"),
            (AutoMode(own_node_pools=(NodePool("a", expire_after_hours=720),)), "own_node_pools[0].expire_after_hours"),
            (AutoMode(own_node_pools=(NodePool("a", drain_hours=200),)), "own_node_pools[0].drain_hours"),
            (
                AutoMode(own_node_pools=(NodePool("a", consolidation_policy="Balanced"),)),
                "own_node_pools[0].consolidation_policy",
            ),
            (
                AutoMode(
                    own_node_pools=(
                        NodePool("a", requirements=(NodeRequirement("karpenter.k8s.aws/instance-cpu", "Exists"),)),
                    )
                ),
                "own_node_pools[0].requirements[0].key",
            ),
            (
                AutoMode(
                    own_node_pools=(
                        NodePool("a", requirements=(NodeRequirement("eks.amazonaws.com/instance-cpu", "Gte", ("4",)),)),
                    )
                ),
                "own_node_pools[0].requirements[0].operator",
            ),
            (AutoMode(node_classes=(AutoNodeClass("a", no_proxy=(".internal",)),)), "node_classes[0].no_proxy"),
            (AutoMode(node_classes=(AutoNodeClass("a", disk_iops=16_000, disk_gib=20),)), "node_classes[0].disk_iops"),
            (AutoMode(node_classes=(AutoNodeClass("a", fips=True),)), "node_classes[0].fips"),
            (
                AutoMode(node_classes=(AutoNodeClass("a", kms_key_arn=KEY.replace("us-west-2", "us-east-1")),)),
                "node_classes[0].kms_key_arn",
            ),
        ],
    )
    def test_what_does_not_fit_together(self, auto: AutoMode, place: str) -> None:
        there = on(auto) if ".fips" not in place else replace(on(auto), region="eu-west-1")
        assert places(there) == [f"compute[0].{place}"]

    @pytest.mark.parametrize(("name", "other"), [("pod_subnets", SUBNET), ("pod_security_groups", GROUP)])
    def test_pods_have_subnets_and_groups_together(self, name: str, other: str) -> None:
        lacking = ({"pod_subnets", "pod_security_groups"} - {name}).pop()
        one = changed(AutoNodeClass("a"), **{name: (other,)})
        place = f"compute[0].node_classes[0].{lacking}"
        rule = f"Auto Mode takes {name} and {lacking} together"
        assert_reported(on(AutoMode(node_classes=(one,))), place, rule, "write both, or neither")

    def test_its_cluster_s_role_uses_the_keys_of_the_classes(self) -> None:
        auto = changed(WITHOUT_BUILT_IN, node_classes=(changed(PRIVATE, kms_key_arn=KEY),))
        statements = plan(on(auto)).control_plane.role.statements
        assert {action for each in statements for action in each.actions} >= {"kms:Decrypt", "kms:CreateGrant"}

    def test_a_team_has_a_pool_on_auto_mode_too(self) -> None:
        def launched(pool: NodePool, auto: AutoMode) -> Blueprint:
            return replace(on(auto), teams=(changed(TEAM, node_pool=pool),))

        found = plan(launched(ON_PRIVATE, WITHOUT_BUILT_IN)).teams[0].contribution
        (pool,) = (one for one in found.objects if one["kind"] == "NodePool")
        assert pool["spec"]["template"]["spec"]["nodeClassRef"]["kind"] == "NodeClass"
        assert found.launched_nodes[0].by_auto_mode
        assert plan(launched(NodePool(), AutoMode())).facts.pools == "auto-mode"
        assert places(launched(NodePool(), WITHOUT_BUILT_IN)) == ["teams[0].node_pool.node_class"]
        assert places(launched(NodePool(drain_hours=200), AutoMode())) == ["teams[0].node_pool.drain_hours"]

    def test_default_deny_spares_what_eks_runs(self) -> None:
        deny = changed(WITHOUT_BUILT_IN, node_classes=(changed(PRIVATE, network_policy="DefaultDeny"),))
        assert "NetworkPolicy platform" in self.first(deny)
        assert "NetworkPolicy platform" not in self.first(WITHOUT_BUILT_IN)
