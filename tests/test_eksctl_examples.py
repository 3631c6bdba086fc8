"""Each example of eksctl stands in the table, and what it names here is there."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from blueprint.network import NewNetwork
from blueprint.value import problems_in
from tools.reference.values import classes

# `ls examples` of https://github.com/eksctl-io/eksctl at v0.230.0; there is no 21.
NAMES = (
    *("01-simple-cluster", "02-custom-vpc-cidr-no-nodes", "03-two-nodegroups", "04-existing-vpc"),
    *("05-advanced-nodegroups", "06-csi-drivers", "07-ssh-keys", "08-spot-instances", "09-nat-gateways"),
    *("10-encrypted-volumes", "11-cloudwatch-cluster-logging", "12-gitops-toolkit", "13-iamserviceaccounts"),
    *("14-windows-nodes", "15-managed-nodes", "16-fargate-profile", "17-permissions-boundary"),
    *("18-node-to-pod-label-matching", "19-kms-cluster", "20-bottlerocket", "22-managed-nodes-launch-template"),
    *("23-kubeflow-spot-instance", "24-nodegroup-subnets", "25-addons", "26-managed-nodegroup-spot-instances"),
    *("27-oidc-provider", "28-instance-selector", "29-cluster-with-karpenter", "30-vpc-with-ip-family"),
    *("31-override-bootstrap-command-unmanaged-nodegroup", "32-windows-nodes-with-containerd", "33-local-zones"),
    *("34-taints", "35-iamidentitymappings", "35-outposts", "36-outposts-vpc", "37-outposts-fully-private"),
    *("38-cluster-subnets-sgs", "39-pod-identity-association", "40-access-entries", "41-zonal-shift"),
    *("42-auto-mode", "43-hybrid-nodes", "44-node-repair", "45-upgrade-policy-example"),
    *("46-control-plane-scaling-config", "47-auto-mode-with-ack-kro-capabilities"),
    *("48-auto-mode-with-argocd-capabilities", "49-control-plane-on-private-subnets"),
)
KNOWN = {cls.__name__: cls for cls in classes()}


@pytest.fixture(scope="module")
def rows(root: Path) -> list[tuple[str, str, str]]:
    text = (root / "docs" / "eksctl-examples.md").read_text(encoding="utf-8")
    return re.findall(r"^\| `(\d\d-[\w-]+)` \|(.*)\|(.*)\|$", text, re.MULTILINE)


def test_every_example_stands_in_the_table(rows: list[tuple[str, str, str]]) -> None:
    assert tuple(name for name, _, _ in rows) == NAMES
    assert [name for name, here, why in rows if not here.strip() and not why.strip()] == []


def calls(text: str) -> list[ast.Call]:
    """In all code that is a call of ours; `…` stands for whatever is left out."""
    found = (re.sub(r"(?<![\"\w/-])…", "...", code) for code in re.findall(r"`([A-Z]\w+\(.*?\))`", text))
    return [node for code in found for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]


def test_what_is_named_here_is_there(rows: list[tuple[str, str, str]]) -> None:
    said = [call for _, here, why in rows for call in calls(f"{here} {why}")]
    assert len(said) > 60
    for call in said:
        name = getattr(call.func, "id", "")
        assert name in KNOWN, name
        known = [field.name for field in fields(KNOWN[name]) if field.init]
        assert {each.arg for each in call.keywords} <= {*known}, name
        assert len(call.args) <= len(known), name


def test_words_that_are_chosen_from_a_list_are_in_it(rows: list[tuple[str, str, str]]) -> None:
    """Fields whose values are plain text here are judged as in a cluster file."""
    for call in (call for _, here, _ in rows for call in calls(here)):
        given: dict[str, Any] = {}
        for each in call.keywords:
            if each.arg and isinstance(each.value, ast.Constant) and not re.search(r"…|\.\.\.", str(each.value.value)):
                given[each.arg] = each.value.value
        found = problems_in(KNOWN[call.func.id](**given))  # type: ignore[attr-defined]  # a name, as above
        assert [problem for problem in found if problem.path[:1] in [(name,) for name in given]] == [], ast.dump(call)
    assert problems_in(NewNetwork(cidr="10.0.0.0/16", nat="many"))  # type: ignore[arg-type]  # a mistake is found
