"""Where add-ons run, and what follows from it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.core_dns import CoreDns
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from addons.metrics_server import MetricsServer
from blueprint import AutoMode, Blueprint, FargateProfile, FargateSelector, ManagedNodes, SelfManagedNodes, Taint, plan
from blueprint.addons import ClusterFacts, Contribution, Workload
from blueprint.node_pool import NodePool
from blueprint.teams import ApplicationTeam
from tests.blueprint.examples import AUTO, SMALL, TEAM, Probe, assert_reported, changed, error_of, part, with_addons

OPS = Taint("dedicated", "ops")
EXISTS = {"key": "dedicated", "operator": "Exists"}
KUBE_SYSTEM = FargateProfile("fargate", selectors=(FargateSelector("kube-system"),))
NODES = CORE[:3]


def group(name: str = "system", **fields: Any) -> ManagedNodes:
    return changed(ManagedNodes(name, instance_types=("m7g.xlarge",)), **fields)


def of(*compute: object, addons: tuple[object, ...] = CORE) -> Blueprint:
    return changed(SMALL, compute=compute, addons=addons)


def places(blueprint: Blueprint, workload: str) -> list[str]:
    (found,) = (each for each in plan(blueprint).workloads if each.workload.name == workload)
    return list(found.places)


@pytest.mark.parametrize(
    ("toleration", "taint", "expected"),
    [
        # The cases of TestTolerationToleratesTaint, staging/src/k8s.io/api/core/v1/toleration_test.go.
        ({"key": "foo", "operator": "Exists", "effect": "NoSchedule"}, Taint("foo", "bar"), True),
        ({"key": "foo", "operator": "Exists"}, Taint("foo", "bar", "NO_EXECUTE"), True),
        ({"operator": "Exists", "effect": "NoSchedule"}, Taint("foo", "bar"), True),
        ({"operator": "Exists"}, Taint("foo", "bar"), True),
        ({"key": "foo", "operator": "Equal", "value": "bar", "effect": "NoSchedule"}, Taint("foo", "bar"), True),
        ({"key": "foo", "operator": "Equal", "value": "bar"}, Taint("foo", "bar"), True),
        ({"key": "foo", "value": "bar"}, Taint("foo", "bar"), True),
        ({"key": "foo", "operator": "Equal", "value": "other"}, Taint("foo", "bar"), False),
        ({"key": "foo", "operator": "Equal", "value": "bar", "effect": "NoExecute"}, Taint("foo", "bar"), False),
        ({"key": "other", "operator": "Exists"}, Taint("foo", "bar"), False),
        ({"key": "foo"}, Taint("foo"), True),
        ({"operator": "Equal"}, Taint("foo"), False),
    ],
)
def test_a_toleration_fits_as_in_kubernetes(toleration: dict[str, str], taint: Taint, expected: bool) -> None:
    assert taint.planned.tolerated_by(toleration) is expected


class TestTaints:
    """Nodes that nothing may run on are of no use to CoreDNS: its add-on, and with it the stack, would fail."""

    def test_what_no_node_takes_is_reported_once_for_each_add_on_with_what_to_write(self) -> None:
        found = error_of(of(group(taints=(OPS,)))).problems
        assert {problem.place.rpartition(".")[2]: str(problem.value) for problem in found} == {
            "addons[3]": "coredns",
            "addons[4]": "ebs-csi-controller",
            "addons[5]": "metrics-server",
        }
        assert {problem.rule for problem in found} == {
            "no node takes its pods: system has the taint dedicated=ops:NoSchedule"
        }
        fixes = {str(problem.value): json.loads(problem.fix.partition("configuration=")[2]) for problem in found}
        assert fixes == {
            "coredns": {"tolerations": [EXISTS]},
            "ebs-csi-controller": {"controller": {"tolerations": [EXISTS]}},
            "metrics-server": {"tolerations": [EXISTS]},
        }

    def test_what_the_report_says_to_write_helps(self) -> None:
        given: dict[str, dict[str, Any]] = {
            "coredns": {"tolerations": [EXISTS]},
            "aws-ebs-csi-driver": {"controller": {"tolerations": [EXISTS]}},
            "metrics-server": {"tolerations": [EXISTS]},
        }
        core = tuple(replace(addon, configuration=given.get(addon.name, {})) for addon in CORE)
        made = plan(of(group(taints=(OPS,)), addons=core))
        assert all(each.places for each in made.workloads)
        (coredns,) = part(made, "coredns").managed_addons
        assert coredns.configuration["tolerations"] == (EXISTS,)

    def test_a_chart_with_many_workloads_is_told_all_their_paths(self) -> None:
        class Two(Probe):
            name: ClassVar[str] = "two"
            workloads = (
                Workload("one", tolerations_at=("tolerations",)),
                Workload("other", tolerations_at=("other.tolerations",)),
            )

        (problem,) = error_of(of(group(taints=(OPS,)), addons=(*NODES, Two()))).problems
        tolerating = [{"key": "dedicated", "operator": "Exists"}]
        written = {"tolerations": tolerating, "other": {"tolerations": tolerating}}
        assert problem.value == "one, other"
        assert json.loads(problem.fix.partition("extra_values=")[2]) == written
        assert plan(of(group(taints=(OPS,)), addons=(*NODES, Two(extra_values=written)))).workloads

    @pytest.mark.parametrize(
        "compute",
        [
            (group(taints=(changed(OPS, effect="PREFER_NO_SCHEDULE"),)),),
            (group(taints=(OPS,)), group("open")),
            (group(taints=(OPS,)), SelfManagedNodes("open", instance_types=("m7i.xlarge",))),
            (group(taints=(Taint("CriticalAddonsOnly", "true"),)),),
        ],
        ids=["only preferred", "another group", "another kind", "a taint that add-ons of the cluster tolerate"],
    )
    def test_nodes_that_take_them(self, compute: tuple[object, ...]) -> None:
        assert plan(of(*compute)).workloads

    def test_daemon_sets_run_wherever_they_can(self) -> None:
        compute = (group(taints=(OPS,)), group("open"), AutoMode(), KUBE_SYSTEM)
        assert places(of(*compute), "aws-node") == ["system", "open"]

    def test_a_node_selector_is_held_against_the_labels_that_nodes_have(self) -> None:
        picky = changed(Probe(), extra_values={"nodeSelector": {"pool": "ops"}})
        blueprint = of(group(), addons=(*NODES, _selecting(picky)))
        assert_reported(blueprint, "addons[3]", "system has no label pool=ops", "add nodes with that label")
        assert places(of(group(labels={"pool": "ops"}), addons=(*NODES, _selecting(picky))), "probe") == ["system"]
        known = changed(Probe(), extra_values={"nodeSelector": {"kubernetes.io/os": "linux"}})
        assert places(of(group(), addons=(*NODES, _selecting(known))), "probe") == ["system"]


class _Selecting(Probe):
    name: ClassVar[str] = "probe"
    workloads = (Workload("probe", tolerations_at=("tolerations",), node_selector_at=("nodeSelector",)),)


def _selecting(addon: Probe) -> _Selecting:
    return _Selecting(extra_values=addon.extra_values)


class TestFargate:
    """A profile takes pods by namespace and labels, whatever nodes there are; DaemonSets stay on nodes."""

    def test_labels_decide_as_well(self) -> None:
        dns = FargateProfile("dns", selectors=(FargateSelector("kube-system", labels={"k8s-app": "kube-dns"}),))
        made = of(group(), dns)
        assert (places(made, "coredns"), places(made, "ebs-csi-controller")) == (["dns"], ["system"])

    def test_an_add_on_of_eks_gets_its_permissions_where_its_pods_run(self) -> None:
        """EKS Pod Identity's agent is a DaemonSet, so it is not on Fargate; the controller would have no credentials.

        https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html (restrictions), aws-ebs-csi-driver#492
        """
        made = plan(of(group(), KUBE_SYSTEM))
        (ebs,), (cni,) = (part(made, name).managed_addons for name in ("aws-ebs-csi-driver", "vpc-cni"))
        assert ebs.grant
        assert cni.grant
        assert (ebs.grant.irsa, cni.grant.irsa) == (True, False)

    def test_no_pod_listens_on_the_kubelets_port(self) -> None:
        """https://cert-manager.io/docs/installation/compatibility/#aws-eks: 10250 is the kubelet's, 10260 is free."""
        compute = (group(), FargateProfile("certs", selectors=(FargateSelector("cert-manager"),)))
        (release,) = part(plan(of(*compute, addons=(*CORE, CertManager()))), "cert-manager").releases
        assert release.values["webhook"]["securePort"] == 10260
        taken = CertManager(extra_values={"webhook": {"securePort": 10250}})
        assert_reported(
            of(*compute, addons=(*CORE, taken)), "addons[7]", "webhook listens on 10250, which the kubelet has", "port"
        )
        assert plan(of(group(), addons=(*CORE, taken))).workloads  # on nodes pods have networks of their own

    def test_what_is_privileged_cannot_run_there(self) -> None:
        class Agent(Probe):
            name: ClassVar[str] = "agent"
            workloads = (Workload("agent", on_fargate=False),)

        profile = FargateProfile("all", selectors=(FargateSelector("*"),))
        assert_reported(of(group(), profile, addons=(*NODES, Agent())), "addons[3]", "cannot run on Fargate", "labels")

    def test_nothing_else_runs_where_there_is_fargate_only(self) -> None:
        blueprint = of(KUBE_SYSTEM, addons=(CoreDns(), ExternalDns(zones=("Z1",))))
        assert_reported(
            blueprint, "addons[1]", "in external-dns have nowhere to run", 'FargateSelector("external-dns")'
        )


class TestLaunchedNodes:
    """Nodes that Karpenter launches are nodes: terraform-aws-eks-blueprints, patterns/karpenter, has no others."""

    def test_karpenter_may_run_on_fargate_and_launch_all_nodes(self) -> None:
        blueprint = of(KUBE_SYSTEM, addons=(*NODES, CoreDns(), Karpenter()))
        made = plan(blueprint)
        (grant,) = part(made, "karpenter").grants
        assert grant.irsa
        assert places(blueprint, "karpenter") == ["fargate"]
        assert places(blueprint, "aws-node") == ["node pool default"]
        assert made.facts.has_nodes

    @pytest.mark.parametrize(("missing", "name"), [(0, "network of pods"), (1, "network of Services")])
    def test_they_need_what_nodes_need(self, missing: int, name: str) -> None:
        addons = tuple(addon for index, addon in enumerate((*NODES, CoreDns(), Karpenter())) if index != missing)
        assert_reported(
            of(KUBE_SYSTEM, addons=addons), "addons", f"never become ready without an add-on that is the {name}", "add"
        )

    def test_karpenter_never_runs_on_its_own_nodes(self) -> None:
        """Its chart requires nodes without the label karpenter.sh/nodepool (charts/karpenter/values.yaml)."""
        blueprint = of(group(taints=(OPS,)), addons=(*NODES, Karpenter()))
        (problem,) = error_of(blueprint).problems
        assert "karpenter does not run on the nodes that it launches" in problem.rule

    def test_what_eks_installs_cannot_wait_for_them(self) -> None:
        profile = FargateProfile("karpenter", selectors=(FargateSelector("kube-system", labels=KARPENTER),))
        blueprint = of(profile, addons=(*NODES, CoreDns(), Karpenter()))
        assert_reported(
            blueprint, "addons[3]", "installs coredns before any node that it could run on", "FargateProfile"
        )

    def test_what_runs_on_them_only_comes_after_them(self) -> None:
        made = plan(of(KUBE_SYSTEM, addons=(*NODES, CoreDns(), Karpenter(), CertManager())))
        after = {planned.name: planned.after for planned in made.addons}
        assert after["cert-manager"] == ("karpenter",)
        assert after["karpenter"] == ()
        with_a_place = plan(of(group(min=3), addons=(*CORE, Karpenter(), CertManager())))
        assert {planned.name: planned.after for planned in with_a_place.addons}["cert-manager"] == ()

    def test_the_pool_of_a_team_takes_none_of_the_platforms_pods(self) -> None:
        team = ApplicationTeam("shop", developers=TEAM.developers, node_pool=NodePool())
        blueprint = changed(of(group(min=3), addons=(*CORE, Karpenter())), teams=(team,))
        assert "node pool team-shop" not in places(blueprint, "coredns")
        assert "node pool team-shop" in places(blueprint, "aws-node")


KARPENTER = {"app.kubernetes.io/name": "karpenter"}


class TestAutoMode:
    def test_add_ons_run_on_its_pools_as_their_taints_let_them(self) -> None:
        """The pool `system` has the taint CriticalAddonsOnly. eks userguide, set-builtin-node-pools"""
        both = changed(AUTO, addons=(MetricsServer(), CertManager()))
        assert places(both, "metrics-server") == ["Auto Mode's general-purpose", "Auto Mode's system"]
        assert places(both, "cert-manager") == ["Auto Mode's general-purpose"]
        system = changed(both, compute=(AutoMode(node_pools=("system",)),))
        assert_reported(system, "addons[1]", "system has the taint CriticalAddonsOnly:NoSchedule", "extra_values=")


class TestCpus:
    """What the blueprint's nodes have at first: nothing scales a group of nodes but whoever the user sets to it."""

    def test_what_asks_for_more_than_there_is_is_refused(self) -> None:
        """CoreDNS and metrics-server ask for 0.4 CPUs, the EBS controller for 0.12, the others for 0.4; DaemonSets take
        0.19 of each node. Karpenter's reference says 1930m for an m7g.large and 940m for an m7g.medium.
        """
        assert plan(of(group(instance_types=("m7g.medium",), min=1))).workloads
        less = of(
            group(instance_types=("m7g.medium",), min=1), addons=(*CORE, AwsLoadBalancerController(), CertManager())
        )
        assert_reported(less, "compute", "ask for 0.92 CPUs, of which its nodes have 0.75 left at first", "raise min")
        assert plan(replace(less, compute=(group(instance_types=("m7g.medium",), min=2),))).workloads
        assert plan(replace(less, compute=(group(instance_types=("m7g.medium",), min=1, desired=2),))).workloads
        assert plan(replace(less, compute=(group(instance_types=("m7g.large",), min=1),))).workloads

    def test_the_largest_type_of_a_group_counts_and_bare_metal_is_not_judged(self) -> None:
        two = group(instance_types=("m7g.medium", "m7g.xlarge"), min=1)
        addons = (*CORE, AwsLoadBalancerController(), CertManager())
        assert plan(of(two, addons=addons)).workloads
        assert plan(of(group(instance_types=("m7g.metal",), min=0), addons=addons)).workloads

    def test_no_nodes_at_first_are_no_place(self) -> None:
        assert_reported(of(group(min=0)), "compute", "nodes have 0.00 left at first", "raise min")

    def test_what_karpenter_can_launch_nodes_for_is_not_bound(self) -> None:
        addons = (*CORE, Karpenter(), AwsLoadBalancerController(), CertManager())
        assert plan(of(group(min=1), addons=addons)).workloads
        small = of(group(instance_types=("m7g.large",), min=1), addons=addons)
        assert_reported(small, "compute", "karpenter can run on system only and ask for 2.00 CPUs", "raise min")

    @pytest.mark.parametrize("cpu", ["a lot", "", True, "1K"])
    def test_a_request_of_the_user_is_a_quantity(self, cpu: object) -> None:
        blueprint = of(group(), addons=(*NODES, CoreDns(configuration={"resources": {"requests": {"cpu": cpu}}})))
        assert_reported(blueprint, "addons[3]", "the CPU request of coredns must be a Kubernetes quantity", '"500m"')

    def test_values_of_the_user_count(self) -> None:
        thrifty = Karpenter(extra_values={"controller": {"resources": {"requests": {"cpu": "250m"}}}})
        assert plan(of(group(instance_types=("m7g.large",), min=1), addons=(*CORE, thrifty))).workloads
        alone = Karpenter(extra_values={"replicas": 1})
        assert plan(of(group(instance_types=("m7g.large",), min=1), addons=(*CORE, alone))).workloads


def test_an_add_on_that_says_nothing_runs_one_deployment_wherever_it_can() -> None:
    assert places(with_addons(Probe()), "probe") == ["system"]
    tainted = of(group(taints=(OPS,)), addons=(*NODES, Probe()))
    assert_reported(tainted, "addons[3]", "system has the taint dedicated=ops", "nodes without a taint")


def test_permissions_of_a_service_account_follow_the_workloads_that_use_it() -> None:
    """Two of one add-on, of which a profile takes one: IRSA serves both, the agent only that on nodes."""

    class Two(Probe):
        name: ClassVar[str] = "probe"
        service_account = "probe"
        workloads = (
            Workload("a", labels={"on": "fargate"}, service_account="probe"),
            Workload("b", labels={"on": "nodes"}, service_account="probe"),
            Workload("c", labels={"on": "fargate"}, kind="DaemonSet", service_account="other"),
        )

        def contribute(self, facts: ClusterFacts) -> Contribution:
            made = super().contribute(facts)
            grants = tuple(facts.grant("probe", name, workloads=made.workloads) for name in ("probe", "other"))
            return replace(made, grants=grants)

    profile = FargateProfile("p", selectors=(FargateSelector("probe", labels={"on": "fargate"}),))
    grants = part(plan(of(group(), profile, addons=(*NODES, Two()))), "probe").grants
    assert {grant.service_account: grant.irsa for grant in grants} == {"probe": True, "other": False}


def test_every_add_on_says_what_it_runs() -> None:
    """None of ours relies on the default; the reports and orders above would be guesses for it."""
    from addons.argo_cd import ArgoCd
    from addons.external_secrets import ExternalSecrets
    from addons.secrets_store_csi_driver import SecretsStoreCsiDriver

    charts = (ArgoCd, AwsLoadBalancerController, CertManager, ExternalDns, ExternalSecrets, Karpenter)
    assert all(cls.workloads and cls.images for cls in (*charts, SecretsStoreCsiDriver))
    assert all(addon.workloads for addon in CORE)
    assert all(re.fullmatch(r"[a-z0-9.-]+\.[a-z]+/.+", image.repository) for cls in charts for image in cls.images)
