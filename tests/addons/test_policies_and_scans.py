"""Add-ons that judge objects, processes and images, and let jobs wait: what each takes from its fields."""

from __future__ import annotations

import json
from typing import Any

import pytest

from addons.falco import Falco
from addons.kueue import Kueue
from addons.kyverno import Kyverno
from addons.trivy_operator import TrivyOperator
from blueprint.addons import HelmAddon
from tests.addons.support import FACTS, rules_broken
from tests.addons.test_operations import powers
from tests.templates import plain
from tools import contracts


def values(addon: HelmAddon) -> Any:
    return plain(addon.values(FACTS))


@pytest.mark.parametrize("strict", [True, False])
def test_what_nobody_can_judge_is_let_through_unless_said_otherwise(strict: Any) -> None:
    """Kyverno 3.9.0 values.yaml, features.forceFailurePolicyIgnore; kyverno-policies 3.9.0, failurePolicy."""
    addon = Kyverno(refuse_when_down=strict, standard="restricted", enforce=strict)
    assert values(addon)["features"]["forceFailurePolicyIgnore"]["enabled"] is not strict
    _, policies = addon.contribute(FACTS).releases
    assert policies.values == {
        "podSecurityStandard": "restricted",
        "validationFailureAction": "Enforce" if strict else "Audit",
        "failurePolicy": "Fail" if strict else "Ignore",
    }


def test_policies_of_a_standard_come_when_asked_for_and_after_what_reads_them() -> None:
    assert [each.name for each in Kyverno().contribute(FACTS).releases] == ["kyverno"]
    mirror = "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/kyverno"
    engine, policies = Kyverno(standard="baseline", chart_repository=mirror).contribute(FACTS).releases
    assert (engine.chart.repository, policies.chart.repository) == (mirror, f"{mirror}-policies")
    renamed = "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/admission"
    _, policies = Kyverno(standard="baseline", chart_repository=renamed).contribute(FACTS).releases
    assert policies.chart.repository == f"{renamed}-policies", "an address has one chart"
    _, policies = Kyverno(standard="baseline").contribute(FACTS).releases
    assert policies.chart.repository == Kyverno.policies.repository


def test_policies_do_not_read_secrets() -> None:
    """Kyverno 3.9.0 binds the role `view`, of which Kubernetes says that it allows no look at Secrets."""
    assert [
        role for role, may in powers_of_kyverno().items() if any(thing.split()[0] == "secrets" for thing in may)
    ] == []


def powers_of_kyverno() -> dict[str, dict[str, Any]]:
    roles = contracts.read("kyverno")["kyverno"]["roles"]
    return {role: own["may"] for role, own in roles.items() if role.startswith("ClusterRole.")}


def test_processes_are_looked_at_without_privilege() -> None:
    """Falco 9.1.0 values.yaml, driver.modernEbpf.leastPrivileged; https://falco.org/docs/setup/container"""
    (pods,) = contracts.read("falco")["falco"]["pods"].values()
    gained = {each.rpartition(" ")[2] for each in pods["privileges"] if each.startswith("falco: capability")}
    assert gained == {"BPF", "PERFMON", "SYS_PTRACE", "SYS_RESOURCE"}
    assert not [each for each in pods["privileges"] if each.endswith(": privileged")]
    assert not [each for each in pods["privileges"] if "docker" in each or "podman" in each]


def test_rules_and_the_least_that_is_told_are_the_users() -> None:
    """Falco 9.1.0 values.yaml: customRules, falco.priority."""
    found = values(Falco(priority="warning", rules={"platform.yaml": "- list: shells\n  items: [bash]\n"}))
    assert found["falco"]["priority"] == "warning"
    assert found["customRules"] == {"platform.yaml": "- list: shells\n  items: [bash]\n"}


def test_what_stands_in_reports_is_the_users() -> None:
    """trivy-operator 0.34.0 values.yaml: trivy.severity, trivy.ignoreUnfixed, excludeNamespaces."""
    addon = TrivyOperator(severities=("HIGH", "CRITICAL"), only_fixed=True, not_in=("kube-system", "web"), at_once=2)
    found = values(addon)
    assert found["trivy"] == {"severity": "HIGH,CRITICAL", "ignoreUnfixed": True}
    assert found["excludeNamespaces"] == "kube-system,web"
    assert found["operator"]["scanJobsConcurrentLimit"] == 2
    assert addon.services(FACTS) == ("ecr.api", "ecr.dkr")


def test_no_pod_with_a_look_at_a_node_is_started_for_a_scan() -> None:
    may = {thing for own in powers("trivy-operator").values() for thing in own}
    assert not [thing for thing in may if thing.startswith("nodes/")]


def manager(addon: Kueue) -> Any:
    return json.loads(values(addon)["managerConfig"]["controllerManagerConfigYaml"])


def test_only_the_kinds_that_were_asked_for_stand_in_queues() -> None:
    """Kueue 0.19.2 charts/kueue/values.yaml, managerConfig.controllerManagerConfigYaml."""
    addon = Kueue(frameworks=("batch/job", "ray.io/rayjob"), only_queued=True)
    assert manager(addon)["integrations"] == {"frameworks": ["batch/job", "ray.io/rayjob"]}
    assert manager(addon)["manageJobsWithoutQueueName"] is True
    assert manager(Kueue())["manageJobsWithoutQueueName"] is False


def test_pods_start_while_queues_are_down() -> None:
    """Kueue 0.19.2 templates/webhook/manifests.yaml:315: without `pod` among the kinds nobody has to answer."""
    (contract,) = contracts.read("kueue").values()
    assert "MutatingWebhookConfiguration mpod.kb.io: Ignore" in contract["webhooks"]
    assert "MutatingWebhookConfiguration mdeployment.kb.io: Ignore" in contract["webhooks"]


@pytest.mark.parametrize(
    ("addon", "broken"),
    [
        (Falco(rules={"../x": ""}), ["rules['../x']"]),
        (TrivyOperator(severities=(), at_once=0), ["severities", "at_once"]),
        (TrivyOperator(not_in=("A",)), ["not_in[0]"]),
        (Kueue(frameworks=()), ["frameworks"]),
    ],
)
def test_what_would_fail_later_is_refused(addon: HelmAddon, broken: list[str]) -> None:
    assert rules_broken(addon) == broken
