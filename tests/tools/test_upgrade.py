"""An upgrade goes one minor at a time, and each of its steps does what it says."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.session import get_session
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from syrupy.assertion import SnapshotAssertion

from addons.core_dns import CoreDns
from addons.vpc_cni import VpcCni
from blueprint import Blueprint, plan
from blueprint.addons import Contribution, EksAddon, FirstEdit, UpgradeSteps
from blueprint.contribution import Release
from blueprint.errors import BlueprintError, Problem
from blueprint.facts import ClusterFacts
from blueprint.nodes import Nodes
from blueprint.versions import EXTENDED_SUPPORT, SUPPORTED, minor
from examples.auto import AUTO
from examples.fargate import FARGATE
from examples.managed import MANAGED
from examples.mixed import MIXED
from examples.self_managed import SELF_MANAGED
from examples.teams import TEAMS
from tests.blueprint.examples import SMALL, Plain, Probe, changed, with_addons
from tests.templates import Templates, synthesized
from tests.tools.snapshots import Markdown
from tools.charts.results import Failed, Outcome, Rendered, Unreachable
from tools.upgrade.apis import unserved
from tools.upgrade.model import Blocker, Step, Upgrade
from tools.upgrade.render import as_markdown
from tools.upgrade.upgrade import upgrade

PDB = {"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": "shop"}}
FLOW = {"apiVersion": "flowcontrol.apiserver.k8s.io/v1beta3", "kind": "FlowSchema", "metadata": {"name": "slow"}}


def unreachable(releases: Sequence[Release], _: str) -> list[Outcome]:
    return [Unreachable("charts.example.com:443 cannot be reached")] * len(releases)


def at(version: str, blueprint: Blueprint = SMALL, **fields: Any) -> Blueprint:
    """The cluster at a version, its nodes with it."""
    compute = [replace(each, version=None) if isinstance(each, Nodes) else each for each in blueprint.compute]
    cluster = replace(blueprint.cluster, version=version, **fields)
    return replace(blueprint, cluster=cluster, compute=tuple(compute))


BEHIND = replace(
    at("1.35", MANAGED),
    compute=(
        changed(MANAGED.compute[0], ami_type=None, release_version="1.34.9-20260714"),
        changed(MANAGED.compute[1], version="1.33"),
    ),
)
KINDS = {
    "managed": (BEHIND, "1.36"),
    "auto": (at("1.34", AUTO), "1.36"),
    "fargate": (at("1.33", FARGATE, support_policy="EXTENDED"), "1.34"),
    "self-managed": (at("1.34", SELF_MANAGED), "1.36"),
    "mixed": (at("1.35", MIXED), "1.36"),
    "karpenter": (at("1.34", TEAMS), "1.36"),
}


def steps_of(made: Upgrade) -> list[Step]:
    return [step for minor in made.minors for step in minor.steps]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> tuple[Blueprint, Upgrade]:
    blueprint, to = KINDS[request.param]
    return blueprint, upgrade(blueprint, to, unreachable)


# --- The steps ---


def test_markdown(kind: tuple[Blueprint, Upgrade], snapshot: SnapshotAssertion) -> None:
    assert as_markdown(kind[1]) == snapshot(extension_class=Markdown)


def test_no_node_is_ever_newer_than_the_control_plane_or_too_old(kind: tuple[Blueprint, Upgrade]) -> None:
    blueprint, made = kind
    ways = [blueprint, *(step.blueprint for step in steps_of(made))]
    for before, after in pairwise(ways):
        moved = minor(after.cluster.version) - minor(before.cluster.version)
        nodes = [
            (minor(old.own_version or before.cluster.version), minor(new.own_version or after.cluster.version))
            for old, new in zip(before.compute, after.compute, strict=True)
            if isinstance(old, Nodes) and isinstance(new, Nodes)
        ]
        assert moved in (0, 1)
        if moved:
            assert all(old == new == minor(before.cluster.version) for old, new in nodes), "they are at one, and stay"
        else:
            assert all(new == minor(after.cluster.version) for _, new in nodes)
            assert any(new > old for old, new in nodes), "a step without an effect"
    assert ways[-1].cluster.version == made.to
    assert not any(each.version for each in ways[-1].compute if isinstance(each, Nodes)), "nodes follow again"


def test_the_edits_are_the_step(kind: tuple[Blueprint, Upgrade]) -> None:
    """Each field of the file holds what the edit says, before and after, and no other differs."""
    before, made = kind
    for step in steps_of(made):
        after, seen = step.blueprint, set()
        for edit in step.edits:
            if edit.field.startswith("addons"):
                assert edit.now is None
                continue
            fields = re.split(r"\.|\[(\d+)\]\.", edit.field)
            for blueprint, text in ((before, edit.now), (after, edit.then)):
                value: Any = blueprint
                for field in filter(None, fields):
                    value = value[int(field)] if field.isdigit() else getattr(value, field)
                if text is None or text.startswith('"'):
                    assert value == (json.loads(text) if text else None)
                else:
                    assert value.startswith(text.removeprefix("a release of "))
            seen.add(edit.field)
        differing = {"cluster.version"} if before.cluster.version != after.cluster.version else set()
        for index, (old, new) in enumerate(zip(before.compute, after.compute, strict=True)):
            for field in ("version", "release_version"):
                if getattr(old, field, None) != getattr(new, field, None):
                    differing.add(f"compute[{index}].{field}")
        assert differing == seen
        before = after


def deployed(before: Templates, after: Templates) -> dict[str, set[str]]:
    """Types of the resources that a deploy would change, by stack."""
    found: dict[str, set[str]] = {}
    for (_, stack), old in before.items():
        ((_, new),) = [each for each in after.items() if each[0][1] == stack]
        for id in old["Resources"].keys() | new["Resources"].keys():
            one, other = old["Resources"].get(id), new["Resources"].get(id)
            if one != other:
                found.setdefault(stack, set()).add((one or other)["Type"])
    return found


def test_deploys_change_what_the_steps_say(tmp_path: Path) -> None:
    compute = (changed(MANAGED.compute[1], version=None), SELF_MANAGED.compute[0])
    blueprint = at("1.35", replace(MANAGED, compute=compute))
    made = upgrade(blueprint, "1.36", unreachable)
    ways = [blueprint, *(step.blueprint for step in steps_of(made))]
    templates = [synthesized([plan(each)], tmp_path / str(number)) for number, each in enumerate(ways)]
    first, second = (deployed(old, new) for old, new in pairwise(templates))
    assert first.keys() == {"cluster"}
    assert {"AWS::EKS::Cluster", "AWS::EKS::Addon"} <= first["cluster"]
    assert {kind.rpartition("::")[0] for kind in first["cluster"]} <= {"AWS::EKS", "AWS::Lambda"}, "the kubectl layer"
    assert "AWS::EKS::Nodegroup" not in first["cluster"]
    assert second == {"cluster": {"AWS::EKS::Nodegroup", "AWS::EC2::LaunchTemplate"}}
    moved = {
        old["Properties"]["AddonName"]
        for id, old in templates[0]["managed", "cluster"]["Resources"].items()
        if old["Type"] == "AWS::EKS::Addon" and old != templates[1]["managed", "cluster"]["Resources"][id]
    }
    assert moved == {each.name for each in made.minors[0].addons if each.moves}


def test_nodes_wait_for_the_control_plane_and_early_addons_in_the_template(templates: Templates) -> None:
    """The order that the steps tell is that of the dependencies."""
    resources = templates["prod", "cluster"]["Resources"]

    def needs(id: str) -> set[str]:
        return set(resources[id].get("DependsOn", ()))

    addons = {one["Properties"]["AddonName"]: id for id, one in resources.items() if one["Type"] == "AWS::EKS::Addon"}
    (control_plane,) = [id for id, one in resources.items() if one["Type"] == "AWS::EKS::Cluster"]
    (nodes,) = [id for id, one in resources.items() if one["Type"] == "AWS::EKS::Nodegroup"]
    assert {control_plane, addons["kube-proxy"], addons["vpc-cni"]} <= needs(nodes)
    assert {control_plane, nodes} <= needs(addons["coredns"])
    assert control_plane in needs(addons["kube-proxy"])


@pytest.mark.parametrize(("version", "to"), [(a, b) for a in SUPPORTED for b in SUPPORTED if minor(a) < minor(b)])
def test_from_everywhere_to_everywhere(version: str, to: str) -> None:
    """Also where add-ons are known for neither: `plan` is not asked about the version that it starts from."""
    policy = "EXTENDED" if version in EXTENDED_SUPPORT else "STANDARD"
    pinned = (VpcCni(version="v1.22.4-eksbuild.3"), changed(SMALL.addons[1], version="v1.33.1-eksbuild.1"))
    blueprint = replace(
        at(version, support_policy=policy), addons=(*pinned, changed(SMALL.addons[2], version="v1.3.1"))
    )
    made = upgrade(blueprint, to, unreachable)
    assert [each.version for each in made.minors] == [
        f"1.{number}" for number in range(minor(version) + 1, minor(to) + 1)
    ]
    assert [len(each.steps) for each in made.minors] == [2] * len(made.minors)
    assert all(each.pinned and not each.moves for one in made.minors for each in one.addons)


def test_the_aws_cli_has_these_commands(kind: tuple[Blueprint, Upgrade]) -> None:
    lines = [line for step in steps_of(kind[1]) for line in (*step.before, *step.after)]
    backs = [text for one in kind[1].minors for text in one.way_back]
    typed = [*lines, *(code for text in backs for code in re.findall(r"`([^`]+)`", text))]
    session = get_session()
    of_all = {"region", "query", "output"}
    ran = set()
    for line in typed:
        for inner in [*re.findall(r"\$\(([^)]*)\)", line), re.sub(r"\$\([^)]*\)", "x", line)]:
            words = shlex.split(inner, comments=True)
            if words[:1] != ["aws"]:
                continue
            model = session.get_service_model(words[1])
            (operation,) = [each for each in model.operation_names if xform_name(each, "-") == words[2]]
            ran.add(words[2])
            shape = model.operation_model(operation).input_shape
            options = {xform_name(each, "-") for each in shape.members} if shape else set()
            # The CLI calls this one differently, since --version is its own: awscli/customizations/argrename.py
            renamed = ("update-cluster-version", "update-nodegroup-version")
            options |= {"kubernetes-version"} if words[2] in renamed else set()
            given = {word.removeprefix("--").removeprefix("no-") for word in words[3:] if word.startswith("--")}
            assert given <= options | of_all, inner
    assert {"list-insights", "update-cluster-version", "describe-cluster", "describe-subnets"} <= ran


# --- What it finds ---


def found(blueprint: Blueprint, to: str = "1.36", outcome: Outcome | None = None) -> list[tuple[str, str, str]]:
    def render(releases: Sequence[Release], _: str) -> list[Outcome]:
        return [outcome or Unreachable("no")] * len(releases)

    made = upgrade(blueprint, to, render)
    return [(each.where, each.what, each.fix) for one in made.minors for each in one.findings]


class Old135(Plain):
    """An add-on whose version ends with a minor, as Karpenter's does."""

    name = "old135"

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        if facts.version != "1.35":
            yield Problem(("chart_version",), None, "runs on 1.35", "take another")


class Only135(EksAddon):
    """An add-on of which no other version is known."""

    name = "only135"
    versions = {"1.35": "v1.0.0-eksbuild.1"}


class Old(Plain):
    """An add-on whose objects are of the past."""

    name = "old"

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return Contribution(objects=(PDB, FLOW))


def test_removed_apis_of_objects() -> None:
    flow, version = "FlowSchema of flowcontrol.apiserver.k8s.io/v1beta3", "flowcontrol.apiserver.k8s.io/v1"
    assert found(with_addons(Old())) == [
        (
            "old: PodDisruptionBudget shop/web",
            "Kubernetes 1.36 has no PodDisruptionBudget of policy/v1beta1",
            "write apiVersion: policy/v1",
        ),
        ("old: FlowSchema slow", f"Kubernetes 1.36 has no {flow}", f"write apiVersion: {version}"),
    ]


def test_removed_apis_of_charts() -> None:
    rendered = Rendered((PDB, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}), ">=1.30.0-0")
    (one,) = found(with_addons(Probe()), outcome=rendered)
    assert one[0] == "chart of probe/probe: PodDisruptionBudget shop/web"
    made = upgrade(with_addons(Probe()), "1.36", lambda *_: [rendered])
    (check,) = made.minors[0].charts
    assert (check.release, check.chart, check.result) == ("probe/probe", "probe", "renders, says >=1.30.0-0")


def test_a_chart_that_refuses_the_version() -> None:
    assert found(with_addons(Probe()), outcome=Failed("requires kubeVersion: <1.36")) == [
        (
            "chart of probe/probe",
            "probe 1.0.0 cannot be installed on 1.36: requires kubeVersion: <1.36",
            "take another chart version",
        )
    ]


def test_a_chart_that_nobody_has_is_no_finding_and_is_said() -> None:
    assert found(with_addons(Probe())) == []
    made = upgrade(with_addons(Probe()), "1.36")
    assert made.minors[0].charts[0].result == "not checked: nobody rendered it"
    assert "not checked: nobody rendered it" in as_markdown(made)


@pytest.mark.parametrize(
    ("data", "now", "then", "what"),
    [
        ({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}}, "1.35", "1.36", ""),
        ({"apiVersion": "v1", "kind": "Frob"}, "1.35", "1.36", "has no Frob of v1"),
        ({"apiVersion": "extensions/v1beta1", "kind": "Ingress"}, "1.35", "1.36", "has no Ingress of extensions"),
        ({"apiVersion": "karpenter.sh/v1", "kind": "NodePool"}, "1.35", "1.36", ""),
        ({"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot"}, "1.35", "1.36", ""),
        ({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway"}, "1.35", "1.36", ""),
        (
            {"apiVersion": "autoscaling/v2beta2", "kind": "HorizontalPodAutoscaler"},
            "1.35",
            "1.36",
            "autoscaling/v2beta2",
        ),
        (
            {"apiVersion": "resource.k8s.io/v1alpha3", "kind": "DeviceTaintRule", "metadata": {"name": "a"}},
            *("1.34", "1.35"),
            "EKS serves no alpha API",
        ),
        ({"apiVersion": "storage.k8s.io/v1beta1", "kind": "VolumeAttributesClass"}, "1.35", "1.36", "is beta"),
        ({"apiVersion": "storage.k8s.io/v1beta1", "kind": "VolumeAttributesClass"}, "1.36", "1.37", "1.37 has no"),
        ({}, "1.35", "1.36", "has no  of "),
        ({"apiVersion": 1, "kind": None, "metadata": "x"}, "1.35", "1.36", "has no None of 1"),
        ({"apiVersion": "v1", "kind": "ConfigMap", "metadata": []}, "1.35", "1.36", ""),
    ],
)
def test_apis(data: dict[str, Any], now: str, then: str, what: str) -> None:
    findings = [*unserved("here", data, now, then)]
    assert [what in each.what for each in findings] == ([True] if what else [])


def test_what_the_plan_refuses_is_a_step_to_be_done() -> None:
    blueprint = with_addons(CoreDns(), Old135(), base=at("1.35"))
    made = upgrade(blueprint, "1.36", unreachable)
    (found,) = made.minors[0].findings
    assert found == Blocker("addons[4].chart_version (old135)", "runs on 1.35", "take another")
    edits = {edit.of: edit for edit in made.minors[0].steps[0].edits if edit.field.startswith("addons")}
    assert edits == {}


def test_an_add_on_without_a_version_for_the_target_is_to_be_given_one() -> None:
    blueprint = with_addons(Only135(), base=at("1.35"))
    made = upgrade(blueprint, "1.36", unreachable)
    (edit,) = [edit for edit in made.minors[0].steps[0].edits if edit.field.startswith("addons")]
    assert (edit.field, edit.of, edit.then) == ("addons[3].version", "only135", "one that EKS offers for 1.36")
    asked = [line for line in made.minors[0].steps[0].before if "describe-addon-versions" in line]
    assert len(asked) == 1
    assert "--kubernetes-version 1.36 --addon-name only135" in asked[0]


def test_addons_move_unless_the_user_wrote_a_version() -> None:
    blueprint = with_addons(CoreDns(version="v1.13.2-eksbuild.31"))
    moves = {each.name: each for each in upgrade(blueprint, "1.36").minors[0].addons}
    assert (moves["coredns"].moves, moves["coredns"].pinned) == (False, True)
    assert (moves["kube-proxy"].now, moves["kube-proxy"].then) == ("v1.35.3-eksbuild.29", "v1.36.0-eksbuild.25")
    assert moves["vpc-cni"].before_nodes
    text = as_markdown(upgrade(blueprint, "1.36"))
    assert "| `coredns` | `v1.13.2-eksbuild.31` | the same, since the file says so |" in text
    assert "--addon-name coredns" in text
    assert "--addon-name vpc-cni" not in text


def test_addons_that_auto_mode_brings_do_not_move() -> None:
    made = upgrade(KINDS["auto"][0], "1.36", unreachable)
    assert [each.name for each in made.minors[0].addons] == ["metrics-server"]
    assert [len(each.steps) for each in made.minors] == [1, 1]


class Asks(Plain):
    """An add-on that asks for something at each minor."""

    name = "asks"
    built_into_auto_mode = "skip"
    replaced_by = "questions"

    def upgrade_steps(self, facts: ClusterFacts, to: str) -> UpgradeSteps:
        way = f"{facts.version} to {to}"
        first = FirstEdit(("version",), f"It would move {way}", f"hold {way}")
        return UpgradeSteps((f"echo look {way}",), (f"It moves {way}.",), (f"Undo {way}.",), (first,))


def test_add_ons_say_what_is_to_be_done_at_each_minor() -> None:
    made = upgrade(with_addons(Asks(), base=at("1.34")), "1.36", unreachable)
    for each, way in zip(made.minors, ("1.34 to 1.35", "1.35 to 1.36"), strict=True):
        control_plane, nodes = each.steps
        assert f"echo look {way}" in control_plane.before
        assert f"It moves {way}." in control_plane.happens
        assert f"Undo {way}." in each.way_back
        (first,) = (one for one in each.findings if "(asks)" in one.where)
        assert (first.what, first.fix) == (f"It would move {way}", f"hold {way}")
        assert not any(way in line for line in (*nodes.before, *nodes.happens, *nodes.after))
    assert "echo look" not in as_markdown(upgrade(with_addons(base=at("1.34")), "1.36", unreachable))


def test_an_add_on_that_auto_mode_brings_asks_for_nothing() -> None:
    auto = with_addons(Asks(), base=KINDS["auto"][0])
    assert "echo look" not in as_markdown(upgrade(auto, "1.36", unreachable))


def test_the_kubernetes_of_a_chart_is_told_without_the_chart() -> None:
    class Ranged(Probe):
        """A chart whose range the lock has."""

        chart = replace(Probe.chart, kubernetes=">=1.26 <=1.36", compatibility="https://example.com/versions")

    (check,) = upgrade(with_addons(Ranged()), "1.36", unreachable).minors[0].charts
    assert check.result == "not checked: charts.example.com:443 cannot be reached; says >=1.26 <=1.36"
    assert check.documentation == "https://example.com/versions"
    (check,) = upgrade(with_addons(Ranged()), "1.36", lambda *_: [Rendered((), ">=1.30")]).minors[0].charts
    assert check.result == "renders, says >=1.30"


def test_release_notes_are_those_of_the_version_that_comes() -> None:
    moves = {each.name: each for each in upgrade(with_addons(CoreDns()), "1.36").minors[0].addons}
    assert moves["kube-proxy"].release_notes.endswith("/CHANGELOG-1.36.md")
    text = as_markdown(upgrade(with_addons(CoreDns()), "1.36"))
    assert "| `kube-proxy` | `v1.35.3-eksbuild.29` | `v1.36.0-eksbuild.25` | https://github.com/kubernetes/" in text
    assert "| `vpc-cni` | `v1.22.4-eksbuild.3` | the same |  |" in text
    unknown = upgrade(with_addons(Only135(), base=at("1.35")), "1.36").minors[0].addons[-1]
    assert (unknown.then, unknown.release_notes) == (None, "")


def test_what_is_installed_from_git_is_not_checked() -> None:
    made = upgrade(KINDS["karpenter"][0], "1.36", unreachable)
    assert "What is installed from Git for `shop`: `shop-pages`." in made.minors[0].unchecked


# --- The way back ---


def back(blueprint: Blueprint, to: str) -> str:
    return "\n".join(upgrade(blueprint, to, unreachable).minors[0].way_back)


def test_the_way_back_is_one_minor_for_seven_days() -> None:
    text = back(SMALL, "1.36")
    assert "back to 1.35 for 7 days" in text
    assert "update-cluster-version --region us-west-2 --name dev --kubernetes-version 1.35" in text
    assert "ROLLBACK_READINESS" in text
    assert not re.search("Karpenter|Fargate|Auto Mode|EXTENDED", text)


def test_cloudformation_goes_back_too() -> None:
    """By its schema, from which a deploy that fails follows: CloudFormation asks for the version before."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::EKS::Cluster").schema
    assert "/properties/Version" not in schema["createOnlyProperties"]
    config = schema["definitions"]["RollbackConfig"]
    assert "cluster version rollback" in config["description"]
    minutes = config["properties"]["TimeoutMinutes"]
    text = back(KINDS["auto"][0], "1.35")
    assert f"`--rollback-config timeoutMinutes=` says, {minutes['minimum']} to {minutes['maximum']};" in text
    assert "720 minutes (12 hours)" in minutes["description"]
    assert "gives up after 12 hours" in text
    for kind, (blueprint, to) in KINDS.items():
        said = back(blueprint, to)
        assert "revert the pull request of the control plane and deploy it" in said, kind
        assert "asks for" in said, kind
        assert "UPDATE_ROLLBACK_FAILED" in said, kind
        assert "AWS does not say" not in said, kind


def test_the_way_back_into_extended_support() -> None:
    addons = tuple(changed(each, version="v1.3.1-eksbuild.1") for each in SMALL.addons)
    extended = replace(at("1.33", support_policy="EXTENDED"), addons=addons)
    assert "EXTENDED" not in back(extended, "1.34")
    standard = upgrade(extended, "1.34")
    assert standard.minors[0].support.startswith("1.34 is in standard support")


# --- What cannot be ---


@pytest.mark.parametrize(
    ("to", "rule"),
    [
        ("", "that EKS offers"),
        ("1.99", "that EKS offers"),
        ("latest", "that EKS offers"),
        ("1.36\n", "that EKS offers"),
        ("1.३६", "that EKS offers"),
        ("v1.36", "that EKS offers"),
        ("1.35", "already"),
        ("1.34", "EKS goes back one minor, within seven days of an upgrade"),
    ],
)
def test_targets_that_are_none(to: str, rule: str) -> None:
    with pytest.raises(BlueprintError) as raised:
        upgrade(SMALL, to)
    (problem,) = raised.value.problems
    assert (problem.place, rule in problem.rule) == ("TO", True)
    assert problem.fix


def test_nothing_is_newer_than_the_newest() -> None:
    newest = SUPPORTED[-1]
    blueprint = replace(at(newest), addons=tuple(changed(each, version="v1.3.1") for each in SMALL.addons))
    with pytest.raises(BlueprintError, match=f"none after {newest}"):
        upgrade(blueprint, "1.99")


# --- Markdown ---


def test_no_text_breaks_the_markdown() -> None:
    hostile = "a|b `c` ``` <script>x</script> @example/team *x* \r\n\r\n# head\n| d |\n```sh\nrm -rf /"
    made = upgrade(with_addons(Probe()), "1.36", lambda *_: [Failed(hostile)])
    clean = as_markdown(replace(made, minors=(replace(made.minors[0], findings=(Blocker("a", "b", "c"),)),)))
    (one,) = made.minors
    one = replace(one, support=hostile, unchecked=(hostile, "`"), way_back=(hostile, *one.way_back[1:]))
    text = as_markdown(replace(made, minors=(one,), shared_with=("a|b", "`x`")))
    assert text.count("\n```") == clean.count("\n```")
    assert re.findall(r"^#+ .*$", text, re.MULTILINE) == re.findall(r"^#+ .*$", clean, re.MULTILINE)
    for danger in ("<script", "| d |", "\n# head", "a|b"):
        assert danger not in text
    assert "@example" not in re.sub(r"<code>.*?</code>|`[^`]*`", "", text)


def test_tables_have_as_many_cells_as_heads(kind: tuple[Blueprint, Upgrade]) -> None:
    text = as_markdown(kind[1])
    assert text.count("```") % 2 == 0
    for block in text.split("\n\n"):
        lines = block.split("\n")
        if lines[0].startswith("| "):
            assert len({line.count(" | ") for line in lines}) == 1, block


@pytest.mark.parametrize("gives", [None, "text", UpgradeSteps(before=(3,)), UpgradeSteps(first=("text",))])  # type: ignore[arg-type]  # is wrong
def test_steps_that_are_none_are_told(gives: object) -> None:
    class Odd(Probe):
        def upgrade_steps(self, facts: ClusterFacts, to: str) -> UpgradeSteps:
            return gives  # type: ignore[return-value]  # is wrong

    with pytest.raises(BlueprintError) as raised:
        upgrade(with_addons(Odd()), "1.36", unreachable, ())
    (problem,) = raised.value.problems
    assert problem.place == f"addons[{len(SMALL.addons)}]"
    assert problem.rule.startswith("Odd.upgrade_steps() gives what must be ")
