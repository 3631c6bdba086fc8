"""Objects that hold state or protect, in manifests."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.review.dangers.support import (
    Resources,
    Told,
    differing,
    manifest,
    only,
    stack_of,
    stacks_differing,
    thing,
    told,
)
from tools.review.dangers import dangers

ADMISSION = "admissionregistration.k8s.io"
NAMESPACE = thing("Namespace", "shop", metadata={"labels": {"pod-security.kubernetes.io/enforce": "restricted"}})
DENY = thing(
    *("NetworkPolicy", "default-deny", "shop", "networking.k8s.io"),
    spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
)
ALLOW = thing(
    *("NetworkPolicy", "web", "shop", "networking.k8s.io"),
    spec={"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]},
)
QUOTA = thing("ResourceQuota", "team", "shop")
POLICY = thing("ValidatingAdmissionPolicy", "pods", group=ADMISSION, spec={"failurePolicy": "Fail"})
BINDING = thing("ValidatingAdmissionPolicyBinding", "pods", group=ADMISSION, spec={"validationActions": ["Deny"]})
TEAM: Resources = {"Namespaces": manifest(NAMESPACE), "Objects": manifest(DENY, ALLOW, QUOTA, POLICY, BINDING)}
GUARD: Told = [("removes-protection", "Objects")]


def having(*objects: dict[str, Any]) -> Resources:
    return {**TEAM, "Objects": manifest(*objects)}


def test_a_team_that_comes() -> None:
    assert told(differing({}, TEAM)) == []


def test_a_team_that_goes_takes_its_rules_along() -> None:
    assert told(differing(TEAM, {})) == [("deletes-state", "Namespaces")]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (having(ALLOW, QUOTA, POLICY, BINDING), GUARD),
        (having(DENY, QUOTA, POLICY, BINDING), []),  # what only allows protects nothing
        (having(DENY, ALLOW, POLICY, BINDING), GUARD),
        (having(DENY, ALLOW, QUOTA, BINDING), GUARD),
        (having(DENY, ALLOW, QUOTA, POLICY), GUARD),
        (having(BINDING, POLICY, QUOTA, ALLOW, DENY), []),
        (having({**DENY, "spec": ALLOW["spec"]}, ALLOW, QUOTA, POLICY, BINDING), GUARD),
        (having({**DENY, "metadata": {"name": "deny", "namespace": "shop"}}, ALLOW, QUOTA, POLICY, BINDING), []),
        (having(DENY, ALLOW, QUOTA, {**POLICY, "spec": {"failurePolicy": "Ignore"}}, BINDING), GUARD),
        (having(DENY, ALLOW, QUOTA, POLICY, {**BINDING, "spec": {"validationActions": ["Audit"]}}), GUARD),
        (having(DENY, ALLOW, QUOTA, POLICY, {**BINDING, "spec": {"validationActions": ["Deny", "Audit"]}}), []),
        ({"Namespaces": TEAM["Namespaces"]}, GUARD * 3),  # a policy and its binding are one
    ],
)
def test_what_protects_a_team(after: Resources, expected: Told) -> None:
    assert told(differing(TEAM, after)) == expected


def test_what_goes_together_with_the_same_effect_is_told_once() -> None:
    """A team of another name had fourteen rows of admission policies."""
    policies = [{**POLICY, "metadata": {"name": f"team-{part}"}} for part in ("pods", "routes", "services")]
    quotas = [{**QUOTA, "metadata": {**QUOTA["metadata"], "namespace": space}} for space in ("shop", "other")]
    found = dangers(differing(having(*policies, *quotas), having()))
    assert [(each.what, each.why, each.fix) for each in found if each.rule == "removes-protection"] == [
        (
            (
                "ValidatingAdmissionPolicy team-pods and 2 more stay only until somebody deletes them: "
                "their admission rules hold no longer"
            ),
            "they are no longer in the manifest: team-pods, team-routes, team-services",
            "keep them",
        ),
        (
            (
                "ResourceQuota shop/team and 1 more stay only until somebody deletes them: "
                "pods there may claim all that the cluster has"
            ),
            "they are no longer in the manifest: shop/team, other/team",
            "keep them",
        ),
    ]


def test_another_way_to_select_all_pods() -> None:
    bare = {**DENY, "spec": {"policyTypes": ["Ingress"]}}
    assert told(differing(having(bare), having())) == GUARD
    out = {**DENY, "spec": {"policyTypes": ["Egress"], "egress": [{}]}}
    assert told(differing(having(out), having())) == []
    some = {**DENY, "spec": {**DENY["spec"], "podSelector": {"matchLabels": {"a": "b"}}}}
    assert told(differing(having(some), having())) == []


def test_a_namespace_that_nobody_here_makes_stays() -> None:
    assert told(differing({"Objects": manifest(QUOTA, ALLOW)}, {"Objects": manifest(ALLOW)})) == GUARD


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [
        ("restricted", "baseline", True),
        ("baseline", "privileged", True),
        ("baseline", None, True),
        ("baseline", "restricted", False),
        (None, "baseline", False),
        ("privileged", None, False),
    ],
)
def test_pod_security(before: str | None, after: str | None, *, weaker: bool) -> None:
    def namespace(level: str | None) -> Resources:
        labels = {"pod-security.kubernetes.io/enforce": level} if level else {"a": "b"}
        return {"It": manifest(thing("Namespace", "shop", metadata={"labels": labels}))}

    assert told(differing(namespace(before), namespace(after))) == [("removes-protection", "It")] * weaker


@pytest.mark.parametrize(
    ("options", "weaker"),
    [
        ({"httpTokens": "optional"}, True),
        ({"httpTokens": "required", "httpPutResponseHopLimit": 2}, True),
        ({"httpTokens": "required", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled"}, False),
        ({}, False),
    ],
)
def test_metadata_of_karpenter_nodes(options: dict[str, Any], *, weaker: bool) -> None:
    def nodes(options: dict[str, Any]) -> Resources:
        spec = {"metadataOptions": options}
        return {"It": manifest(thing("EC2NodeClass", "default", group="karpenter.k8s.aws", spec=spec))}

    strict = {"httpTokens": "required", "httpPutResponseHopLimit": 1}
    assert told(differing(nodes(strict), nodes(options))) == [("removes-protection", "It")] * weaker


@pytest.mark.parametrize("kind", ["Namespace", "PersistentVolumeClaim", "CustomResourceDefinition"])
def test_objects_that_hold_state(kind: str) -> None:
    both, one = manifest(thing(kind, "a"), thing("Role", "b", "n")), manifest(thing("Role", "b", "n"))
    # kubectl prunes no definitions; with its manifest everything goes.
    left = differing({"It": both}, {"It": one})
    assert told(left) == [("deletes-state", "It")] * (kind != "CustomResourceDefinition")
    gone = differing({"It": both, "Other": one}, {"Other": one})
    assert only(gone).what.startswith(f"{kind} a is deleted: ")
    moved = told(differing({"It": both}, {"It": one, "Other": manifest(thing(kind, "a"))}))
    assert moved == [("changes-owner", "It")] * (kind != "CustomResourceDefinition")  # which kubectl does not prune
    assert told(differing({"It": one}, {"It": manifest()})) == []


def test_a_manifest_with_references_is_read() -> None:
    words = ['[{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "', {"Ref": "Name"}, '"}}]']
    before, after = (
        {"It": {**manifest(), "Properties": {"PruneLabel": "a", "Manifest": {"Fn::Join": ["", each]}}}}
        for each in (words, ["[]"])
    )
    assert only(differing(before, after)).what.startswith("Namespace ${Name} is deleted")


CONFIG = thing("ConfigMap", "settings", "shop")
ROLE = thing("Role", "reader", "shop", "rbac.authorization.k8s.io")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        # kubectl prunes some kinds (kubectl pkg/util/prune/prune.go), and deletes all of a manifest that goes
        ({"A": manifest(CONFIG, ROLE), "B": manifest()}, {"A": manifest(ROLE), "B": manifest(CONFIG)}, ["A"]),
        # and looks into no namespace of which the manifest names nothing any more (pkg/cmd/apply/prune.go, pruneAll)
        ({"A": manifest(CONFIG), "B": manifest(ROLE)}, {"A": manifest(NAMESPACE), "B": manifest(CONFIG, ROLE)}, []),
        ({"A": manifest(CONFIG, ROLE, prune=False)}, {"A": manifest(ROLE, prune=False), "B": manifest(CONFIG)}, []),
        ({"A": manifest(ROLE), "B": manifest()}, {"A": manifest(), "B": manifest(ROLE)}, []),
        ({"A": manifest(ROLE), "B": manifest()}, {"B": manifest(ROLE)}, ["A"]),
        ({"A": manifest(NAMESPACE), "B": manifest()}, {"A": manifest(), "B": manifest(NAMESPACE)}, ["A"]),
        ({"A": manifest(NAMESPACE)}, {"A": manifest(NAMESPACE), "B": manifest(CONFIG)}, []),
        ({"A": manifest(CONFIG)}, {"A": manifest({**CONFIG, "data": {"a": "b"}})}, []),
        # told as a manifest of another name
        ({"A": manifest(ROLE)}, {"B": manifest(ROLE)}, []),
    ],
)
def test_what_leaves_one_manifest_for_another(before: Resources, after: Resources, expected: list[str]) -> None:
    difference = differing(before, after)
    assert [id for rule, id in told(difference) if rule == "changes-owner"] == expected


def test_a_namespace_between_stacks_says_what_is_lost() -> None:
    addons, teams = ({"name": name, "stack_name": f"dev-{name}"} for name in ("addons", "teams"))
    before, after = {"A": manifest(NAMESPACE, CONFIG)}, {"A": manifest(CONFIG)}
    teams_before, teams_after = {"B": manifest(ROLE)}, {"B": manifest(ROLE, NAMESPACE)}
    moved = stacks_differing(
        (stack_of(before, **addons), stack_of(after, **addons)),
        (stack_of(teams_before, **teams), stack_of(teams_after, **teams)),
    )
    danger = only(moved)
    assert (danger.rule, danger.stack) == ("changes-owner", "addons")
    assert "all that is in it is deleted with it: workloads, volumes, Secrets" in danger.what
    assert danger.why == "it was in addons/A, and is in teams/B"


# A team under another name: its namespace stays, and what judges it is called otherwise.
def judged(team: str, *rules: str, space: str = "shop", nodes: str = "", bound: bool = True) -> Resources:
    """What a team has, and another beside it whose pods may not tolerate the taint `nodes`."""
    selector = {"matchLabels": {"team": team}}
    wanted = [{"expression": each, "message": each} for each in rules]
    match = {"namespaceSelector": selector, "resourceRules": [{"resources": ["pods"]}]}
    policies = [("pods", match, wanted)]
    if nodes:
        others = {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": [team]}]}
        denied = [{"expression": f"!object.tolerations.exists(t, t.value == '{nodes}')", "message": "nodes"}]
        policies.append(("nodes", {**match, "namespaceSelector": others}, denied))
    objects = [
        thing("ValidatingAdmissionPolicy", f"{team}-{name}", group=ADMISSION, spec=spec)
        for name, constraints, validations in policies
        for spec in ({"matchConstraints": constraints, "validations": validations},)
    ]
    objects += [
        thing("ValidatingAdmissionPolicyBinding", f"{team}-{name}", group=ADMISSION, spec=spec)
        for name, constraints, _ in policies
        for spec in (
            {
                "policyName": f"{team}-{name}",
                "validationActions": ["Deny" if bound else "Warn"],
                "matchResources": {"namespaceSelector": constraints["namespaceSelector"]},
            },
        )
    ]
    taints = {"template": {"spec": {"taints": [{"key": "team", "value": nodes, "effect": "NoSchedule"}]}}}
    pool = [thing("NodePool", f"team-{team}", group="karpenter.sh", spec=taints)] if nodes else []
    return {
        "Other": manifest(thing("Namespace", "other", metadata={"labels": {"team": "other"}})),
        "Space": manifest(thing("Namespace", space, metadata={"labels": {"team": team}})),
        f"{team}Objects": manifest(*objects, *pool, thing("Role", "owner", space, "rbac.authorization.k8s.io")),
    }


TAINT = {"key": "team", "value": "shop", "effect": "NoSchedule"}
POOL = thing("NodePool", "shop", group="karpenter.sh", spec={"template": {"spec": {"taints": [TAINT]}}})
RULES = ("object.image in ['a/']", "!has(object.node)")


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [
        (judged("shop", *RULES), judged("store", *RULES), []),
        (judged("shop", *RULES), judged("store", *RULES, "a further one"), []),
        (judged("shop", *RULES, nodes="shop"), judged("store", *RULES, nodes="store"), []),
        # Told once, at the policy
        (judged("shop", *RULES), judged("store", RULES[0]), ["in the place of"]),
        (judged("shop", *RULES), judged("store", "object.image in ['a/', 'b/']", RULES[1]), ["takes more: b/"]),
        (judged("shop", *RULES), judged("store", "true", "false"), ["and 1 more are deleted"]),
        (judged("shop", *RULES), judged("store", *RULES, bound=False), ["and 1 more are deleted"]),
        # Nodes that are there still, with and without a policy under yet another name
        (
            judged("shop", *RULES, nodes="shop"),
            {**judged("store", *RULES), "Pool": manifest(POOL)},
            ["and 1 more are deleted"],
        ),
        (
            judged("shop", *RULES, nodes="shop"),
            {**judged("store", *RULES), "Others": judged("x", nodes="shop")["xObjects"]},
            [],
        ),
    ],
)
def test_what_judges_a_namespace_under_another_name(before: Resources, after: Resources, weaker: list[str]) -> None:
    found = [danger.what for danger in dangers(differing(before, after)) if danger.rule == "removes-protection"]
    assert len(found) == len(weaker)
    assert all(words in what for words, what in zip(weaker, found, strict=True))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"replicas": 2}, [("create-only", "Pools")]),
        ({"replicas": 0}, {}, [("create-only", "Pools")]),
        ({"replicas": 0}, {"replicas": 2}, []),
        ({"weight": 1}, {"weight": 2}, []),
    ],
)
def test_a_pool_keeps_its_mode(before: dict[str, Any], after: dict[str, Any], expected: Told) -> None:
    """karpenter.sh_nodepools.yaml: has(self.replicas) == has(oldSelf.replicas)"""
    pools = [{"Pools": manifest(thing("NodePool", "a", group="karpenter.sh", spec=spec))} for spec in (before, after)]
    assert told(differing(*pools)) == expected
    assert told(differing({}, pools[1])) == []
