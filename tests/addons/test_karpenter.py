from __future__ import annotations

import tomllib
from dataclasses import replace
from email import message_from_string
from typing import Any

import pytest

from addons.karpenter import Karpenter
from addons.karpenter.connections import ConnectionTracking
from addons.karpenter.definitions import definitions
from addons.karpenter.kubelet import Kubelet
from addons.karpenter.node_class import NodeClass
from blueprint.contribution import Chart, EventRule, NodeRole, Queue, Release
from blueprint.disruption import DisruptionBudget
from blueprint.errors import FieldPath
from blueprint.node_pool import NodePool
from blueprint.node_requirement import NodeRequirement
from blueprint.taints import Taint
from blueprint.value import problems_in
from blueprint.versions import is_within
from tests.addons.support import (
    ACCOUNT,
    FACTS,
    REGION,
    allowed,
    deployed,
    names_no_partition,
    problems_on,
    rules_broken,
)

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}:"
INSTANCE = f"{EC2}instance/i-1"
TEMPLATE = f"{EC2}launch-template/lt-1"
NODES = "<role-arn:karpenter-nodes>"
OURS = {"aws:ResourceTag/kubernetes.io/cluster/prod": "owned", "aws:ResourceTag/karpenter.sh/nodepool": "default"}
THEIRS = {"aws:ResourceTag/kubernetes.io/cluster/dev": "owned", "aws:ResourceTag/karpenter.sh/nodepool": "default"}
AS_OURS = {
    "aws:RequestTag/kubernetes.io/cluster/prod": "owned",
    "aws:RequestTag/eks:eks-cluster-name": "prod",
    "aws:RequestTag/karpenter.sh/nodepool": "default",
}
PROFILE = f"arn:aws:iam::{ACCOUNT}:instance-profile/"

ADDON = Karpenter()
PERMISSIONS = ADDON.permissions(FACTS)


def node_class(addon: Karpenter = ADDON) -> Any:
    return addon.objects(FACTS)[0]["spec"]


def node_pools(addon: Karpenter = ADDON) -> list[Any]:
    return [manifest for manifest in addon.objects(FACTS) if manifest["kind"] == "NodePool"]


def requirement(pool: Any, key: str) -> Any:
    return next(one["values"] for one in pool["spec"]["template"]["spec"]["requirements"] if one["key"] == key)


@pytest.mark.parametrize("action", ["ec2:RunInstances", "ec2:CreateFleet"])
def test_launches_only_what_carries_the_tags_of_its_cluster(action: str) -> None:
    for resource in (INSTANCE, f"{EC2}volume/vol-1", f"{EC2}network-interface/eni-1", f"{EC2}fleet/f-1"):
        assert allowed(PERMISSIONS, action, resource, AS_OURS)
        assert not allowed(PERMISSIONS, action, resource)
        assert not allowed(PERMISSIONS, action, resource, {**AS_OURS, "aws:RequestTag/eks:eks-cluster-name": "dev"})
    assert allowed(PERMISSIONS, action, f"arn:aws:ec2:{REGION}::image/ami-1")
    assert allowed(PERMISSIONS, action, TEMPLATE, OURS)
    assert not allowed(PERMISSIONS, action, TEMPLATE, THEIRS)


@pytest.mark.parametrize(
    ("action", "resource"), [("ec2:TerminateInstances", INSTANCE), ("ec2:DeleteLaunchTemplate", TEMPLATE)]
)
def test_removes_its_own_nodes_only(action: str, resource: str) -> None:
    managed = {"aws:ResourceTag/kubernetes.io/cluster/prod": "owned"}  # a managed node of the same cluster
    assert allowed(PERMISSIONS, action, resource, OURS)
    assert not allowed(PERMISSIONS, action, resource, THEIRS)
    assert not allowed(PERMISSIONS, action, resource, managed)
    assert not allowed(PERMISSIONS, action, resource)


def test_cannot_make_a_foreign_instance_its_own() -> None:
    assert allowed(PERMISSIONS, "ec2:CreateTags", INSTANCE, {**AS_OURS, "ec2:CreateAction": "RunInstances"})
    assert allowed(PERMISSIONS, "ec2:CreateTags", INSTANCE, {**OURS, "aws:TagKeys": ["Name", "karpenter.sh/nodeclaim"]})
    assert not allowed(PERMISSIONS, "ec2:CreateTags", INSTANCE, AS_OURS)
    assert not allowed(PERMISSIONS, "ec2:CreateTags", INSTANCE, {**THEIRS, "aws:TagKeys": ["Name"]})
    assert not allowed(PERMISSIONS, "ec2:CreateTags", INSTANCE, {**OURS, "aws:TagKeys": ["team"]})


def test_passes_the_role_of_its_nodes_to_ec2_and_nothing_else() -> None:
    to_ec2 = {"iam:PassedToService": "ec2.amazonaws.com"}
    assert allowed(PERMISSIONS, "iam:PassRole", NODES, to_ec2)
    assert not allowed(PERMISSIONS, "iam:PassRole", NODES, {"iam:PassedToService": "lambda.amazonaws.com"})
    assert not allowed(PERMISSIONS, "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Admin", to_ec2)


@pytest.mark.parametrize(
    "action",
    [
        *("iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:TagInstanceProfile", "iam:CreateRole"),
        *(
            "iam:AddRoleToInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
            "sts:AssumeRole",
            "iam:CreateServiceLinkedRole",
        ),
    ],
)
def test_changes_nothing_in_iam(action: str) -> None:
    for resource in (f"{PROFILE}prod_1", NODES, "*"):
        assert not allowed(PERMISSIONS, action, resource, {**OURS, **AS_OURS})


def test_reads_only_its_region_and_its_cluster() -> None:
    assert allowed(PERMISSIONS, "ec2:DescribeInstances", "*", {"aws:RequestedRegion": REGION})
    assert not allowed(PERMISSIONS, "ec2:DescribeInstances", "*", {"aws:RequestedRegion": "us-east-1"})
    assert allowed(PERMISSIONS, "eks:DescribeCluster", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/prod")
    assert not allowed(PERMISSIONS, "eks:DescribeCluster", f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/dev")
    assert allowed(
        PERMISSIONS, "ssm:GetParameter", f"arn:aws:ssm:{REGION}::parameter/aws/service/eks/optimized-ami/1.35"
    )
    assert not allowed(PERMISSIONS, "ssm:GetParameter", f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/password")
    # Deleting a node class asks for a profile of this name; without the permission the node class would never go.
    assert allowed(PERMISSIONS, "iam:GetInstanceProfile", f"{PROFILE}prod_123")
    assert not allowed(PERMISSIONS, "iam:GetInstanceProfile", f"{PROFILE}admin")


def test_reads_its_own_queue_only() -> None:
    assert allowed(PERMISSIONS, "sqs:ReceiveMessage", "<queue-arn:karpenter-interruption>")
    assert not allowed(PERMISSIONS, "sqs:ReceiveMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders")


def test_policy_is_sound_in_every_partition() -> None:
    assert names_no_partition(PERMISSIONS)
    assert not [problem for statement in PERMISSIONS for problem in problems_in(statement)]


def test_interruption_events_are_the_ones_that_aws_sends() -> None:
    resources = ADDON.contribute(FACTS).resources
    (queue,) = (one for one in resources if isinstance(one, Queue))
    rules = [one for one in resources if isinstance(one, EventRule)]
    assert {rule.queue for rule in rules} == {queue.name}
    assert {(rule.pattern["source"][0], rule.pattern["detail-type"][0]) for rule in rules} == {
        ("aws.health", "AWS Health Event"),
        ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
        ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
        ("aws.ec2", "EC2 Instance State-change Notification"),
        ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning"),
    }
    assert ADDON.values(FACTS)["settings"]["interruptionQueue"] == f"${{blueprint:queue-name:{queue.name}}}"


def test_definitions_come_before_the_controller_and_are_not_kept() -> None:
    """What `helm uninstall` keeps has lost the marks of its release, and no later installation takes it over.

    Helm 4 applies a chart's `crds/` on the server, as the manager by which the chart of the definitions applied them,
    so the fields that only the latter has go: pkg/kube/client.go (Create, server-side apply), pkg/action/validate.go.
    """
    crds, controller = ADDON.contribute(FACTS).releases
    assert (crds.name, controller.name) == ("karpenter-crd", "karpenter")
    assert crds.chart.version == controller.chart.version
    assert crds.chart.repository == "oci://public.ecr.aws/karpenter/karpenter-crd"
    assert crds.values == {}


def test_a_mirror_and_another_version_hold_for_both_charts() -> None:
    mirror = "oci://111111111111.dkr.ecr.eu-west-1.amazonaws.com/karpenter"
    crds, controller = Karpenter(chart_repository=mirror, chart_version="1.15.0").contribute(FACTS).releases
    assert (controller.chart.repository, crds.chart.repository) == (mirror, f"{mirror}-crd")
    assert controller.chart.version == crds.chart.version == "1.15.0"


def test_its_nodes_may_join_the_cluster() -> None:
    contribution = ADDON.contribute(FACTS)
    (role,) = (one for one in contribution.resources if isinstance(one, NodeRole))
    (entry,) = contribution.access
    assert entry.kind == "EC2_LINUX"
    assert deployed(entry.principal) == f"<role-arn:{role.name}>"
    assert deployed(node_class()["instanceProfile"]) == f"<instance-profile:{role.name}>"


def test_idle_connections_are_forgotten_by_the_words_of_the_definition() -> None:
    """karpenter-provider-aws v1.14.1 pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml (connectionTracking)"""
    whole = ConnectionTracking(tcp_established=350, udp_stream=120, udp=45)
    assert whole.document() == {"tcpEstablishedTimeout": 350, "udpStreamTimeout": 120, "udpTimeout": 45}
    assert ConnectionTracking().document() == {}
    tracking = Karpenter(node_classes=(NodeClass(connections=whole),))
    assert node_class(tracking)["connectionTracking"] == whole.document()


def test_nodes_are_hardened() -> None:
    spec = node_class()
    assert (spec["metadataOptions"]["httpTokens"], spec["metadataOptions"]["httpPutResponseHopLimit"]) == (
        "required",
        1,
    )
    assert all(device["ebs"]["encrypted"] for device in spec["blockDeviceMappings"])
    assert "role" not in spec
    assert spec["subnetSelectorTerms"] == [{"id": "subnet-1"}, {"id": "subnet-2"}]
    assert spec["securityGroupSelectorTerms"] == [{"tags": {"aws:eks:cluster-name": "prod"}}]
    assert "latest" not in str(spec["amiSelectorTerms"])


def test_every_pool_has_a_limit_and_replaces_old_nodes() -> None:
    (pool,) = node_pools()
    assert pool["spec"]["limits"] == {"cpu": "100", "memory": "400Gi"}
    assert pool["spec"]["template"]["spec"]["expireAfter"] == "720h"
    # A budget of 0 or do-not-disrupt holds a node back no longer:
    # karpenter v1.14.0 pkg/apis/crds/karpenter.sh_nodepools.yaml:420
    assert pool["spec"]["template"]["spec"]["terminationGracePeriod"] == "24h"
    (patient,) = node_pools(Karpenter(node_pools=(NodePool(drain_hours=48),)))
    assert patient["spec"]["template"]["spec"]["terminationGracePeriod"] == "48h"
    assert pool["spec"]["template"]["spec"]["nodeClassRef"]["name"] == ADDON.objects(FACTS)[0]["metadata"]["name"]


def test_pools_take_the_architectures_of_the_blueprint_unless_they_name_others() -> None:
    pools = node_pools(Karpenter(node_pools=(NodePool(), NodePool(name="x86", architectures=("amd64",)))))
    assert [requirement(pool, "kubernetes.io/arch") for pool in pools] == [["arm64"], ["amd64"]]


def test_order_of_the_pools_does_not_matter() -> None:
    a, b = NodePool(name="a"), NodePool(name="b", capacity=("SPOT",))
    assert node_pools(Karpenter(node_pools=(a, b))) == node_pools(Karpenter(node_pools=(b, a)))


def test_taints_are_those_of_kubernetes() -> None:
    taints = (Taint(key="gpu"), Taint(key="team", value="ml", effect="NO_EXECUTE"))
    (pool,) = node_pools(Karpenter(node_pools=(NodePool(taints=taints),)))
    assert pool["spec"]["template"]["spec"]["taints"] == [
        {"key": "gpu", "effect": "NoSchedule"},
        {"key": "team", "value": "ml", "effect": "NoExecute"},
    ]


def test_controller_needs_no_instance_metadata() -> None:
    controller = ADDON.values(FACTS)["controller"]
    assert controller["env"] == [{"name": "AWS_REGION", "value": REGION}]


@pytest.mark.parametrize(
    ("addon", "place"),
    [
        (Karpenter(node_pools=()), "node_pools"),
        (Karpenter(node_pools=(NodePool(), NodePool())), "node_pools[1].name"),
        (Karpenter(node_pools=(NodePool(max_cpu=0),)), "node_pools[0].max_cpu"),
        (Karpenter(node_pools=(NodePool(capacity=("reserved",)),)), "node_pools[0].capacity[0]"),  # type: ignore[arg-type]  # a user's mistake
        (Karpenter(node_pools=(NodePool(categories=("m5",)),)), "node_pools[0].categories[0]"),
        (
            Karpenter(node_pools=(NodePool(labels={"karpenter.sh/nodepool": "x"}),)),
            "node_pools[0].labels['karpenter.sh/nodepool']",
        ),
        (
            Karpenter(node_pools=(NodePool(labels={"node-role.kubernetes.io/x": "y"}),)),
            "node_pools[0].labels['node-role.kubernetes.io/x']",
        ),
        (Karpenter(node_pools=(NodePool(name="a"), NodePool(name="B"))), "node_pools[1].name"),
        (Karpenter(node_classes=(NodeClass(ami="latest"),)), "node_classes[0].ami"),
        (Karpenter(node_classes=(NodeClass(ami="v20260714\n"),)), "node_classes[0].ami"),
        (Karpenter(node_classes=(NodeClass(disk_gib=1),)), "node_classes[0].disk_gib"),
    ],
)
def test_refuses_what_would_break_it_or_cost_without_limit(addon: Karpenter, place: str) -> None:
    assert rules_broken(addon) == [place]


class TestUpgrade:
    STEPS = ADDON.upgrade_steps(replace(FACTS, version="1.35", architectures=frozenset({"amd64", "arm64"})), "1.36")

    def test_images_of_its_nodes_are_asked_for_at_the_control_planes_version(self) -> None:
        """For every architecture: pkg/providers/amifamily/al2023.go:82-88 of v1.14.1."""
        asked = [line for line in self.STEPS.before if not line.startswith("#")]
        folder = "/aws/service/eks/optimized-ami/1.36/amazon-linux-2023"
        for line, cpu in zip(asked, ("arm64", "x86_64"), strict=True):
            name = f"amazon-eks-node-al2023-{cpu}-standard-1.36-{NodeClass().released('1.36')}"
            assert f" --name {folder}/{cpu}/standard/{name}/image_id " in line
            assert f" --region {REGION} " in line

    def test_its_nodes_follow_by_themselves_and_have_to_go_first_on_the_way_back(self) -> None:
        (drift,), (back,) = self.STEPS.happens, self.STEPS.way_back
        assert "those of 1.35 have drifted" in drift
        assert "its nodes of 1.36 must go" in back

    def test_pools_are_held_first_unless_they_are(self) -> None:
        """https://karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets"""

        def asked(*budgets: DisruptionBudget) -> list[FieldPath]:
            pools = (NodePool(), NodePool("more", budgets=budgets))
            return [each.path for each in Karpenter(node_pools=pools).upgrade_steps(FACTS, "1.36").first]

        first, second = ("node_pools", 0, "budgets"), ("node_pools", 1, "budgets")
        assert asked() == [first, second]
        assert asked(DisruptionBudget(nodes="0", reasons=("Drifted",))) == [first]
        assert asked(DisruptionBudget(nodes="0%")) == [first]
        assert asked(DisruptionBudget(nodes="0", reasons=("Empty",))) == [first, second]
        assert asked(DisruptionBudget(nodes="0", schedule="@daily", duration="1h")) == [first, second]
        assert asked(DisruptionBudget(nodes="1")) == [first, second]

    def test_an_image_of_the_user_is_asked_for(self) -> None:
        own = Karpenter(node_classes=(NodeClass(ami="v20260101"),)).upgrade_steps(FACTS, "1.36")
        assert "standard-1.36-v20260101/image_id" in own.before[1]


def test_is_known_not_to_start_on_a_newer_kubernetes() -> None:
    """MaxK8sVersion of v1.14.1: pkg/providers/version/version.go:44. Of a version that a user names nobody knows it."""
    crds, controller = ADDON.contribute(FACTS).releases
    assert is_within("1.36", controller.chart.kubernetes)
    assert not is_within("1.37", controller.chart.kubernetes)
    _, other = Karpenter(chart_version="1.16.0").contribute(FACTS).releases
    assert crds.chart.kubernetes == other.chart.kubernetes == ""


def test_definitions_are_an_archive_of_their_own() -> None:
    chart = Chart("karpenter", "oci://example.com/karpenter", "1.14.1", ">=1.26", f"sha256:{'0' * 64}", "notes", "page")
    found = definitions(Release("karpenter", chart, "kube-system")).chart
    assert found == Chart("karpenter-crd", "oci://example.com/karpenter-crd", "1.14.1", "", "", "notes", "page")


def test_nodes_with_prefixes_take_more_pods() -> None:
    """Else it writes what addresses allow into each launch template: pkg/providers/instancetype/types.go:576-583."""
    (nodes, *_) = ADDON.objects(replace(FACTS, prefix_delegation=True))
    assert nodes["spec"]["kubelet"] == {"maxPods": 110}
    (nodes, *_) = ADDON.objects(FACTS)
    assert "kubelet" not in nodes["spec"]


def test_it_runs_on_no_node_that_it_launches() -> None:
    """charts/karpenter/values.yaml of upstream: affinity, karpenter.sh/nodepool DoesNotExist"""
    (controller,) = (each for each in ADDON.contribute(FACTS).workloads if each.name == "karpenter")
    assert not controller.on_launched_nodes


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


class TestNodeClasses:
    """karpenter-provider-aws v1.14.1 pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml"""

    def spec(self, **fields: Any) -> Any:
        return node_class(Karpenter(node_classes=(NodeClass(**fields),)))

    def test_a_pool_names_its_class(self) -> None:
        addon = Karpenter(
            node_pools=(NodePool(), NodePool("gpu", node_class="gpu")), node_classes=(NodeClass("gpu"), NodeClass())
        )
        assert rules_broken(addon) == []
        kinds = [(one["kind"], one["metadata"]["name"]) for one in addon.objects(FACTS)]
        assert kinds == [
            *(("EC2NodeClass", "default"), ("EC2NodeClass", "gpu")),
            *(("NodePool", "default"), ("NodePool", "gpu")),
        ]
        refs = [pool["spec"]["template"]["spec"]["nodeClassRef"]["name"] for pool in node_pools(addon)]
        assert refs == ["default", "gpu"]

    @pytest.mark.parametrize(
        ("addon", "place"),
        [
            (Karpenter(node_pools=(NodePool(node_class="gpu"),)), "node_pools[0].node_class"),
            (Karpenter(node_classes=(NodeClass(), NodeClass())), "node_classes[1].name"),
            (Karpenter(node_pools=(NodePool(capacity=("RESERVED",)),)), "node_pools[0].capacity"),
        ],
    )
    def test_what_does_not_fit_together(self, addon: Karpenter, place: str) -> None:
        assert rules_broken(addon) == [place]

    @pytest.mark.parametrize(
        ("fields", "place"),
        [
            ({"ami": "v1.66.0"}, "ami"),
            ({"ami": "v20260714", "os": "BOTTLEROCKET"}, "ami"),
            ({"efa_cards": 1}, "security_groups"),
            ({"ami": "v20260714", "image": "/images/al2023"}, "ami"),
            ({"image": "/aws/service/eks/optimized-ami/1.36/amazon-linux-2023/recommended"}, "image"),
            ({"script": "#!/bin/bash\n", "os": "BOTTLEROCKET"}, "script"),
            ({"script": "#!/bin/bash\n--//\n"}, "script"),
            ({"bottlerocket": {"kernel": {}}}, "bottlerocket"),
            ({"bottlerocket": {"kubernetes": {}}, "os": "BOTTLEROCKET"}, "bottlerocket['kubernetes']"),
            ({"disk_iops": 16_000, "disk_gib": 20}, "disk_iops"),
            ({"disk_throughput_mib": 1_000}, "disk_throughput_mib"),
            ({"kubelet": Kubelet(pods_per_core=10), "os": "BOTTLEROCKET"}, "kubelet.pods_per_core"),
            ({"kubelet": Kubelet(image_gc_high_percent=50, image_gc_low_percent=50)}, "kubelet.image_gc_low_percent"),
            ({"kubelet": Kubelet(eviction_soft={"memory.available": "1Gi"})}, "kubelet.eviction_soft_grace"),
            ({"kubelet": Kubelet(eviction_soft_grace={"memory.available": "1m"})}, "kubelet.eviction_soft_grace"),
            ({"kubelet": Kubelet(max_pods=10, pods_per_core=20)}, "kubelet.pods_per_core"),
        ],
    )
    def test_what_a_class_may_not_say(self, fields: dict[str, Any], place: str) -> None:
        assert rules_broken(Karpenter(node_classes=(NodeClass(**fields),))) == [f"node_classes[0].{place}"]

    def test_what_its_cluster_has_to_do_with_it(self) -> None:
        zone = NodeRequirement("topology.kubernetes.io/zone", values=(f"{REGION}a", "us-east-1a"))
        addon = Karpenter(
            node_pools=(NodePool(requirements=(zone,)),),
            node_classes=(
                NodeClass(kms_key_arn=KEY.replace(REGION, "us-east-1")),
                NodeClass("old", os="BOTTLEROCKET", ami="v1.0.0"),
            ),
        )
        assert [problem.path for problem in problems_on(FACTS, addon)] == [
            ("node_pools", 0, "requirements", 0, "values"),
            ("node_classes", 0, "kms_key_arn"),
            ("node_classes", 1, "ami"),
        ]

    def test_images(self) -> None:
        """An alias says the family; else it must be said: rules of `spec` in the definition."""
        assert self.spec()["amiSelectorTerms"] == [{"alias": f"al2023@{NodeClass().released(FACTS.version)}"}]
        assert self.spec(os="BOTTLEROCKET", ami="v1.66.0")["amiSelectorTerms"] == [{"alias": "bottlerocket@v1.66.0"}]
        assert "amiFamily" not in self.spec(os="BOTTLEROCKET")
        by_id = self.spec(os="BOTTLEROCKET", image="ami-0a1b2c3d4e5f60718")
        assert by_id["amiSelectorTerms"] == [{"id": "ami-0a1b2c3d4e5f60718"}]
        assert by_id["amiFamily"] == "Bottlerocket"
        by_parameter = self.spec(image="/images/al2023")
        assert by_parameter["amiSelectorTerms"] == [{"ssmParameter": "/images/al2023"}]
        assert by_parameter["amiFamily"] == "AL2023"

    def test_bottlerocket_has_a_volume_for_its_system(self) -> None:
        """pkg/providers/amifamily/bottlerocket.go:183-205"""
        devices = self.spec(os="BOTTLEROCKET", disk_gib=80)["blockDeviceMappings"]
        assert [(each["deviceName"], each["ebs"]["volumeSize"]) for each in devices] == [
            ("/dev/xvda", "4Gi"),
            ("/dev/xvdb", "80Gi"),
        ]
        assert all(each["ebs"]["encrypted"] for each in devices)

    def test_what_nodes_are_told(self) -> None:
        """A script that is YAML too would be a NodeConfig: pkg/providers/amifamily/bootstrap/nodeadm.go:121-152"""
        told = self.spec(script="#!/bin/bash\necho\n")["userData"]
        assert told.startswith("Content-Type: multipart/mixed")
        parts: Any = message_from_string(told).get_payload()
        (part,) = parts
        assert (part.get_content_type(), part.get_payload().rstrip("\n")) == ("text/x-shellscript", "#!/bin/bash\necho")
        settings = self.spec(os="BOTTLEROCKET", bottlerocket={"kernel": {"lockdown": "integrity"}})["userData"]
        assert tomllib.loads(settings) == {"settings": {"kernel": {"lockdown": "integrity"}}}

    def test_a_kubelet_of_its_own_goes_before_what_we_say(self) -> None:
        spec = NodeClass(kubelet=Kubelet(max_pods=40)).manifest(replace(FACTS, prefix_delegation=True), "nodes")["spec"]
        assert spec["kubelet"] == {"maxPods": 40}

    def test_its_controller_uses_the_keys_and_parameters_that_classes_name(self) -> None:
        """https://karpenter.sh/docs/troubleshooting (failed encrypted EBS volume)"""
        classes = (
            NodeClass(kms_key_arn=KEY),
            NodeClass("own", image="/images/al2023"),
            NodeClass("x", kms_key_arn=KEY),
        )
        found = Karpenter(node_classes=classes).permissions(FACTS)
        parameter = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/images/"
        via = {"kms:ViaService": f"ec2.{REGION}.amazonaws.com"}
        assert allowed(found, "ssm:GetParameter", f"{parameter}al2023")
        assert not allowed(found, "ssm:GetParameter", f"{parameter}other")
        assert allowed(found, "kms:GenerateDataKeyWithoutPlaintext", KEY, via)
        assert not allowed(found, "kms:GenerateDataKeyWithoutPlaintext", KEY)
        assert not allowed(PERMISSIONS, "kms:GenerateDataKeyWithoutPlaintext", KEY, via)
        assert names_no_partition(found)

    def test_static_capacity_is_an_alpha_that_is_turned_on_where_it_is_used(self) -> None:
        """charts/karpenter/values.yaml:243-245"""
        assert "featureGates" not in ADDON.values(FACTS)["settings"]
        static = Karpenter(node_pools=(NodePool(static_nodes=0),)).values(FACTS)
        assert static["settings"]["featureGates"] == {"staticCapacity": True}

    def test_own_images_are_looked_at_before_an_upgrade(self) -> None:
        found = Karpenter(node_classes=(NodeClass(image="/images/al2023"),)).upgrade_steps(FACTS, "1.36")
        assert found.before == ("# /images/al2023 of node class default must be an image for Kubernetes 1.36 by then",)
