"""Where the network cuts off what no policy selects, pods of add-ons go on as they do without."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE, core
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from addons.vpc_cni import VpcCni
from blueprint import Plan, plan
from blueprint.iam import Statement
from blueprint.planning.file import dumped, loaded
from tests.blueprint.examples import SMALL, TABLE, TEAM, assert_reported, changed, mistake
from tests.isolation.network import Network, Pod

OTHERS = (
    *(AwsLoadBalancerController(), CertManager(zones={"example.com": "Z1"}, acme_email="a@example.com")),
    *(ExternalDns(zones=("Z1",)), ExternalSecrets(), Karpenter(), SecretsStoreCsiDriver()),
    ArgoCd(domain="argocd.example.com"),
)


READ = Statement(("s3:GetObject",), ("arn:aws:s3:::a/b",))


class WithoutAccount(VpcCni):
    """On the permissions of the nodes."""

    service_account = ""


def planned(*cni: VpcCni) -> Plan:
    return plan(replace(SMALL, addons=(*core(*cni), *OTHERS), teams=(TEAM,)))


STRICT = planned(VpcCni(enforcing_mode="strict"))
NETWORK = Network([dict(one) for one in STRICT.objects])
# In the network of their node: charts/aws-vpc-cni v1.22.4, aws-ebs-csi-driver v1.66.0 and EKS's own kube-proxy,
# eks-pod-identity-agent and eks-node-monitoring-agent have hostNetwork: true.
OF_THE_NODE = {"aws-node", "kube-proxy", "eks-pod-identity-agent", "eks-node-monitoring-agent"}
WORKLOADS = [each.workload for each in STRICT.workloads if each.workload.name not in OF_THE_NODE]
STRANGERS = (Pod("payments", {}, "10.0.9.1"), Pod("default", {}, "10.0.9.2"), "10.0.0.9", "203.0.113.9")


def selected(namespace: str, labels: Any) -> bool:
    """Whether any policy chooses such a pod, without which it is cut off."""
    policies = [one for one in STRICT.objects if one["kind"] == "NetworkPolicy"]
    return any(
        one["metadata"]["namespace"] == namespace
        and (one["spec"]["podSelector"].get("matchLabels") or {}).items() <= labels.items()
        and set(one["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        for one in policies
    )


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: each.name)
def test_each_addon_is_reached_where_it_listens_and_reaches_everybody(workload: Any) -> None:
    pod = Pod(workload.namespace, dict(workload.labels), "10.0.8.8")
    assert selected(pod.namespace, workload.labels)
    for address in ("10.0.0.9", "172.20.0.1", "8.8.8.8"):
        assert ("TCP", 1, 65535) in NETWORK.open_ports(pod, address)
    for stranger in ("10.0.0.9", "203.0.113.9", Pod("default", {}, "10.0.9.2")):
        found = NETWORK.open_ports(stranger, pod)
        assert all(("TCP", port, port) in found for port in workload.ports), found
        if workload.kind in ("Deployment", "StatefulSet"):
            assert found
        if workload.ports:
            assert ("TCP", 1, 65535) not in found
    beside = Pod(workload.namespace, {}, "10.0.8.9")
    assert ("TCP", 1, 65535) in NETWORK.open_ports(beside, pod)


def test_names_are_asked_by_udp_and_by_tcp() -> None:
    dns = Pod("kube-system", {"k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns"}, "10.0.8.8")
    for source in STRANGERS:
        found = NETWORK.open_ports(source, dns)
        assert ("UDP", 53, 53) in found
        assert ("TCP", 53, 53) in found


def test_a_job_that_no_workload_names_is_selected_too() -> None:
    spaces = {each.workload.namespace for each in STRICT.workloads}
    assert {"kube-system", "cert-manager", "argocd"} <= spaces
    assert all(selected(space, {"job-name": "any"}) for space in spaces)


def test_teams_stay_as_they_were() -> None:
    standard = planned()
    one, other = (list(made.teams[0].contribution.objects) for made in (STRICT, standard))
    assert one == other
    policies = [each for each in standard.objects if each["kind"] == "NetworkPolicy"]
    assert {each["metadata"]["namespace"] for each in policies} == {"payments"}


def test_the_policies_of_kube_system_come_with_the_network() -> None:
    """Before CoreDNS, for whose pods EKS waits; those of a namespace with it, before its release."""
    (cni,) = (part.contribution for part in STRICT.addons if part.name == "vpc-cni")
    assert {one["metadata"]["namespace"] for one in cni.managed_addons[0].objects} == {"kube-system"}
    for part in STRICT.addons:
        for namespace in part.contribution.namespaces:
            assert {one["metadata"]["namespace"] for one in namespace.objects} == {namespace.name}
    assert loaded(dumped(STRICT)) == STRICT


def test_the_mode_is_what_the_cni_reads() -> None:
    """amazon-vpc-cni-k8s v1.22.4 README.md: NETWORK_POLICY_ENFORCING_MODE, `strict`."""
    (addon,) = next(part for part in STRICT.addons if part.name == "vpc-cni").contribution.managed_addons
    assert addon.configuration["env"]["NETWORK_POLICY_ENFORCING_MODE"] == "strict"
    assert addon.configuration["enableNetworkPolicy"] == "true"


def test_who_writes_it_into_the_configuration_gets_the_policies_too() -> None:
    by_hand = planned(VpcCni(configuration={"env": {"NETWORK_POLICY_ENFORCING_MODE": "strict"}}))
    assert list(by_hand.objects) == list(STRICT.objects)
    off = planned(VpcCni(enforcing_mode="strict", configuration={"env": {"NETWORK_POLICY_ENFORCING_MODE": "standard"}}))
    assert list(off.objects) == list(planned().objects)


@pytest.mark.parametrize(
    TABLE,
    [
        mistake(
            "strict about nothing",
            changed(SMALL, addons=(VpcCni(network_policy=False, enforcing_mode="strict"), *CORE[1:])),
            "addons[0].enforcing_mode",
            "nobody enforces",
            "network_policy=True",
        ),
        mistake(
            "what all that call AWS keep to",
            changed(SMALL, addons=(WithoutAccount(extra_permissions=(READ,)), *CORE[1:])),
            "addons[0].extra_permissions",
            "no service account",
            "service_account",
        ),
        mistake(
            "another mode",
            changed(SMALL, addons=(changed(VpcCni(), enforcing_mode="Strict"), *CORE[1:])),
            "addons[0].enforcing_mode",
            "'standard' or 'strict'",
            "'strict'",
        ),
    ],
)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)
