"""Rules and alert managers as people write them: what Prometheus and Amazon's service would refuse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from addons.kube_prometheus_stack import KubePrometheusStack
from blueprint import manifests
from blueprint.addons import ExistingWorkspace, NewWorkspace
from blueprint.contribution import MetricsWorkspace, RuleGroups
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plans
from blueprint.prometheus import LARGEST, alert_manager_problems, rule_problems
from tests.addons.support import FACTS, deployed, problems_on, rules_broken
from tests.blueprint.examples import with_addons
from tests.templates import Template, Templates, of_type

WORKSPACE = "ws-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
# https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-rules-upload.html (its example), with an alert
RULES = """
groups:
  - name: example
    interval: 30s
    rules:
      - record: metric:recording_rule
        expr: rate(adder_request_count_total[1m])
      - alert: metric:alerting_rule
        expr: avg(rate(adder_request_count_total[1m])) > 0
        for: 2m
        labels: {severity: page}
        annotations:
          summary: "{{ $labels.instance }}"
"""
# https://docs.aws.amazon.com/prometheus/latest/APIReference/yaml-AlertManagerDefinitionData.html
ALERTS = """
alertmanager_config: |
  route:
    receiver: 'default'
    routes:
      - receiver: 'default'
  receivers:
    - name: 'default'
      sns_configs:
      - topic_arn: arn:aws:sns:us-east-2:123456789012:My-Topic
        sigv4:
          region: us-east-2
        attributes:
          key: key1
          value: value1
"""


def test_what_the_services_pages_show_is_taken() -> None:
    assert [*rule_problems(RULES)] == []
    assert [*alert_manager_problems(ALERTS)] == []
    assert [*alert_manager_problems(f"template_files:\n  default: '{{{{ .Receiver }}}}'\n{ALERTS}")] == []


# What rulefmt.go of prometheus v3.9.1 refuses, by line, and what of the rules above becomes what.
WRONG = {
    "110 no name": ("name: example", 'name: ""', "must be text"),
    "116 a name twice": ("groups:", "groups:\n  - {name: example, rules: []}", "duplicate group"),
    "123 a label's name": ("interval: 30s", 'labels: {__name__: "x"}', "__name__"),
    "160 a time": ("30s", "30 seconds", "a time like 5m"),
    "204 both": ("record: metric", "alert: page\n        record: metric", "is one of both"),
    "211 neither": ("      - record: metric:recording_rule\n        expr", "      - expr", "is one of both"),
    "219 no expression": ("expr: rate(adder_request_count_total[1m])", "labels: {a: b}", "expr is missing"),
    "231 annotations of a record": ("- record", "- annotations: {a: b}\n        record", "that records has none"),
    "237 for of a record": ("- record", "- for: 5m\n        record", "that records has none"),
    "243 keep_firing_for of a record": ("- record", "- keep_firing_for: 5m\n        record", "that records has none"),
    "258 braces": ("record: metric:recording_rule", 'record: "up{job}"', "without braces"),
    "266 a label of a rule": ("severity: page", "__name__: page", "__name__"),
    "351 an unknown field": ("for: 2m", "four: 2m", "knows no such field"),
    "351 another unknown field": ("interval: 30s", "evaluation: 30s", "knows no such field"),
    "no list": ("groups:\n", "groups: {}\nother:\n", "must be a list"),
    "no YAML": ("groups:", "groups: [", "must be YAML"),
}


@pytest.mark.parametrize(("before", "after", "rule"), WRONG.values(), ids=WRONG)
def test_rules_that_prometheus_would_refuse(before: str, after: str, rule: str) -> None:
    assert before in RULES
    found = [*rule_problems(RULES.replace(before, after, 1))]
    assert found
    assert any(rule in each.rule for each in found)
    assert all(each.rule.startswith("line ") for each in found)


def test_a_second_document_is_not_read() -> None:
    """rulefmt.go:360: of several, only the first is processed."""
    (found,) = rule_problems(f"{RULES}\n---\n{RULES}")
    assert (found.path, found.value, found.fix) == ((), "2 documents", "put all into one")
    assert "is one document: of others nothing is read" in found.rule


def test_what_is_larger_than_the_service_takes_is_refused() -> None:
    long = RULES + "#" * (LARGEST + 1 - len(RULES))
    (found,) = rule_problems(long)
    assert (found.path, found.value, found.fix) == ((), f"{len(long)} characters", "split it")
    assert found.rule == f"must have at most {LARGEST:,}"
    assert [*rule_problems(long[:-1])] == []


WRONG_ALERTS = {
    "no text": ("alertmanager_config: |", "alertmanager_config:", "YAML in a text"),
    "no such receiver": ("    receiver: 'default'\n", "    receiver: 'page'\n", "no receiver of this name"),
    "none of a route below": ("- receiver: 'default'", "- receiver: 'page'", "no receiver of this name"),
    "no route": ("route:", "routing:", "must have a route"),
    "another key": ("alertmanager_config", "config", "knows no such field"),
    "no region": ("          region: us-east-2\n", "          profile: x\n", "without a region"),
    "an address of its own": ("attributes:", "api_url: https://example.com\n        attributes:", "no such field"),
    "a secret": ("sns_configs:", "pagerduty_configs: [{routing_key: abc}]\n      sns_configs:", "clear text"),
    "no YAML within": ("  route:", "  route: [", "must be YAML"),
}


@pytest.mark.parametrize(("before", "after", "rule"), WRONG_ALERTS.values(), ids=WRONG_ALERTS)
def test_alert_managers_that_the_service_would_refuse(before: str, after: str, rule: str) -> None:
    """AMP-alertmanager-config.html and AMP-alertmanager-receiver-config.html of its user guide."""
    assert before in ALERTS
    found = [*alert_manager_problems(ALERTS.replace(before, after, 1))]
    assert any(rule in each.rule for each in found)
    assert not any("abc" in str(each.value) for each in found)


def test_a_file_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "ROOT", tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "good.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "rules" / "bad.yaml").write_text(RULES.replace("for: 2m", "four: 2m"), encoding="utf-8")
    (tmp_path / "rules" / "latin.yaml").write_bytes(b"groups: \xe9")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "rules" / "good.yaml")
    assert [*rule_problems("rules/good.yaml")] == []
    (bad,) = rule_problems("rules/bad.yaml")
    assert (bad.file, bad.fix) == ("rules/bad.yaml:10", "write for")
    for name, rule in (("rules/none.yaml", "must be a file"), ("link.yaml", "no link"), ("rules/latin.yaml", "UTF-8")):
        (found,) = rule_problems(name)
        assert rule in found.rule
        assert (found.path, found.value) == ((), name)
        assert found.fix in {"write its path from the root", "save it as UTF-8"}
    made = NewWorkspace(rules={"alerts": "rules/good.yaml"}).resources(FACTS)
    assert [each.data for each in made if isinstance(each, RuleGroups)] == [RULES]


def test_mistakes_have_their_place() -> None:
    addon = KubePrometheusStack(workspace=NewWorkspace(rules={"a": "groups: {}"}, alert_manager="route: {}"))
    places = {problem.place for problem in problems_on(FACTS, addon)}
    assert places == {"workspace.rules['a']", "workspace.alert_manager"}


def test_names_of_namespaces_are_those_of_the_schema() -> None:
    """AWS::APS::RuleGroupsNamespace: Name has 64 characters at most, and stands at the end of Arn."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", "AWS::APS::RuleGroupsNamespace").schema
    assert schema["properties"]["Name"]["maxLength"] == 64
    assert schema["properties"]["Arn"]["pattern"].endswith(r"/[0-9A-Za-z][-.0-9A-Z_a-z]*$")
    for name, fine in (
        ("alerts", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("-a", False),
        ("a b", False),
        ("", False),
    ):
        assert (rules_broken(ExistingWorkspace(WORKSPACE, rules={name: RULES})) == []) is fine


def test_rules_go_to_their_workspace_and_stay_out_of_others() -> None:
    given = ExistingWorkspace(WORKSPACE, rules={"alerts": RULES})
    (groups,) = given.resources(FACTS)
    assert isinstance(groups, RuleGroups)
    assert deployed(groups.workspace) == f"arn:aws:aps:eu-west-1:111111111111:workspace/{WORKSPACE}"
    workspace, own = NewWorkspace(rules={"alerts": RULES}, alert_manager=ALERTS).resources(FACTS)
    assert isinstance(workspace, MetricsWorkspace)
    assert (deployed(workspace.alert_manager), own.name) == (ALERTS, "alerts")
    assert NewWorkspace().resources(FACTS) == (MetricsWorkspace("prod"),)


def test_a_namespace_of_rules_has_one_maker() -> None:
    """API_CreateRuleGroupsNamespace.html: ConflictException for a name that the workspace has."""
    cluster = with_addons(KubePrometheusStack(workspace=ExistingWorkspace(WORKSPACE, rules={"alerts": RULES})))
    stage = replace(cluster, name="stage")
    with pytest.raises(BlueprintError, match="makes this namespace of rules already"):
        plans({"prod": cluster, "stage": stage})
    made = with_addons(KubePrometheusStack(workspace=NewWorkspace(rules={"alerts": RULES})))
    assert len(plans({"prod": made, "stage": replace(made, name="stage")})) == 2


def namespaces_in(template: Template) -> Sequence[Mapping[str, Any]]:
    return [*of_type(template, "AWS::APS::RuleGroupsNamespace").values()]


def test_the_template_has_what_was_written(fleet: Templates) -> None:
    template = fleet["open-source", "addons"]
    ((id, workspace),) = of_type(template, "AWS::APS::Workspace").items()
    said = json.dumps(workspace["Properties"]["AlertManagerDefinition"])
    assert "receivers:" in said
    assert '{"Ref": "AWS::Partition"}, ":sns:us-west-2:111111111111:alerts' in said
    made = {each["Properties"]["Name"]: each["Properties"] for each in namespaces_in(template)}
    assert {*made} == {"nodes", "pods"}
    for each in made.values():
        assert each["Data"].startswith("groups:")
        assert f'"Fn::GetAtt": ["{id}", "WorkspaceId"]' in json.dumps(each["Workspace"])
    for each in namespaces_in(fleet["self-service", "addons"]):
        assert WORKSPACE in json.dumps(each["Properties"]["Workspace"])
