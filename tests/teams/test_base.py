"""What teams bring into a cluster, and what they are not given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from blueprint import AutoMode, FargateProfile, FargateSelector, Role, User, plan
from blueprint.contribution import Contribution
from blueprint.references import resolved
from teams.base import ApplicationTeam, ContainerDefaults, PlatformTeam, Quota
from tests.blueprint.examples import (
    AUTO,
    SMALL,
    TABLE,
    TEAM,
    assert_reported,
    changed,
    mistake,
    part,
    places,
    with_teams,
)

WIDE = changed(
    TEAM,
    members=(Role("Developer"), User("ci", "222222222222")),
    namespaces=("shop", "shop-jobs"),
    quota=Quota(cpu="20", memory="40Gi", storage="1Ti", pods=7),
    container_defaults=ContainerDefaults("50m", "64Mi", "1Gi"),
    pod_security="baseline",
)
MISTAKES = [
    mistake("nobody", with_teams(changed(TEAM, members=())), "teams[0].members", "must not be empty", "at least one"),
    mistake("no members", with_teams(ApplicationTeam("a")), "teams[0].members", "required", "members="),  # type: ignore[call-arg]
    mistake(
        "members by name", with_teams(changed(TEAM, members=("Dev",))), "teams[0].members[0]", "Role or User", "Role(…)"
    ),
    mistake(
        "one role", with_teams(changed(TEAM, members=Role("Dev"))), "teams[0].members", "a tuple of", "members=(…,)"
    ),
    mistake(
        "everybody", with_teams(changed(TEAM, members=(Role("*"),))), "teams[0].members[0].name", "no wildcard", "Break"
    ),
    mistake("capitals", with_teams(changed(TEAM, name="Payments")), "teams[0].name", "lowercase", '"payments"'),
    mistake("64 letters", with_teams(changed(TEAM, name="a" * 64)), "teams[0].name", "1 to 63", '"payments"'),
    mistake(
        "a namespace twice",
        with_teams(changed(TEAM, namespaces=("a", "a"))),
        "teams[0].namespaces[1]",
        "once",
        "remove",
    ),
    mistake("one namespace", with_teams(changed(TEAM, namespaces="apps")), "teams[0].namespaces", "tuple", "('apps',)"),
    mistake(
        "privileged pods",
        with_teams(changed(TEAM, pod_security="privileged")),
        "teams[0].pod_security",
        "take over",
        '"baseline"',
    ),
    mistake(
        "unknown level", with_teams(changed(TEAM, pod_security="none")), "teams[0].pod_security", "'restricted'", "'"
    ),
    mistake("no quota", with_teams(changed(TEAM, quota=None)), "teams[0].quota", "must be Quota", "quota=Quota(…)"),
    mistake(
        "number for CPU",
        with_teams(changed(TEAM, quota=changed(Quota(), cpu=8))),
        "teams[0].quota.cpu",
        "str",
        '"500m"',
    ),
    mistake("GB", with_teams(changed(TEAM, quota=Quota(memory="16GB"))), "teams[0].quota.memory", "quantity", '"4Gi"'),
    mistake(
        "no pods", with_teams(changed(TEAM, quota=Quota(pods=0))), "teams[0].quota.pods", "1 to 5000 pods", "write"
    ),
    mistake(
        "limit of CPU",
        with_teams(changed(TEAM, container_defaults=changed(ContainerDefaults(), cpu_limit="1"))),
        "teams[0].container_defaults.cpu_limit",
        "has no field",
        "cpu_request",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_wrong_field_hides_no_other_rule_and_makes_up_none() -> None:
    wrong = with_teams(changed(TEAM, namespaces="attest", pod_security="privileged", members=()))
    assert places(wrong) == ["teams[0].members", "teams[0].namespaces", "teams[0].pod_security"]


def contribution(team: ApplicationTeam | PlatformTeam, base: Any = SMALL) -> Contribution:
    return part(plan(with_teams(team, base=base)), team.name)


def objects(team: ApplicationTeam, kind: str, base: Any = SMALL) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = resolved(contribution(team, base).objects, {})
    return [one for one in found if one["kind"] == kind]


def test_a_platform_team_administers_the_cluster_and_owns_nothing() -> None:
    made = contribution(PlatformTeam("platform", members=(Role("Engineer"), Role("Engineer", "222222222222"))))
    assert [(entry.principal, entry.groups) for entry in made.access] == [
        ("arn:${blueprint:partition}:iam::111111111111:role/Engineer", ()),
        ("arn:${blueprint:partition}:iam::222222222222:role/Engineer", ()),
    ]
    assert {policy.name for entry in made.access for policy in entry.policies} == {"AmazonEKSClusterAdminPolicy"}
    assert (made.namespaces, made.objects) == ((), ())


def test_members_act_through_a_group_and_through_no_access_policy() -> None:
    assert [(entry.principal, entry.groups, entry.policies) for entry in contribution(WIDE).access] == [
        ("arn:${blueprint:partition}:iam::111111111111:role/Developer", ("team:payments",), ()),
        ("arn:${blueprint:partition}:iam::222222222222:user/ci", ("team:payments",), ()),
    ]
    assert [binding["subjects"] for binding in objects(WIDE, "RoleBinding")] == [
        [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "team:payments"}]
    ] * 2


def test_namespaces_are_those_named_or_the_name() -> None:
    assert [namespace.name for namespace in contribution(TEAM).namespaces] == ["payments"]
    assert [(one.name, one.pod_security) for one in contribution(WIDE).namespaces] == [
        ("shop", "baseline"),
        ("shop-jobs", "baseline"),
    ]
    labels = contribution(TEAM).namespaces[0].manifest()["metadata"]["labels"]
    assert labels["blueprint/team"] == "payments"
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_object_stands_in_each_of_the_namespaces() -> None:
    kinds = {"ResourceQuota": 1, "LimitRange": 1, "NetworkPolicy": 3, "ServiceAccount": 1, "Role": 1, "RoleBinding": 1}
    for kind, count in kinds.items():
        namespaces = [one["metadata"]["namespace"] for one in objects(WIDE, kind)]
        assert namespaces == ["shop"] * count + ["shop-jobs"] * count
    assert len(contribution(WIDE).objects) == 2 * sum(kinds.values())


def test_quota() -> None:
    assert objects(WIDE, "ResourceQuota")[0]["spec"]["hard"] == {
        "limits.memory": "40Gi",
        "pods": "7",
        "requests.cpu": "20",
        "requests.memory": "40Gi",
        "requests.storage": "1Ti",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
    }


def test_what_a_container_gets_that_does_not_say() -> None:
    assert objects(WIDE, "LimitRange")[0]["spec"]["limits"] == [
        {
            "type": "Container",
            "default": {"memory": "1Gi"},
            "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
        }
    ]


def test_developers_cannot_open_their_namespace_or_read_secrets() -> None:
    rules = objects(TEAM, "Role")[0]["rules"]
    writes = {resource for rule in rules for resource in rule["resources"] if "create" in rule["verbs"]}
    guards = {
        "resourcequotas",
        "limitranges",
        "networkpolicies",
        "roles",
        "rolebindings",
        "serviceaccounts",
        "namespaces",
    }
    assert writes & guards == set()
    named = {word for rule in rules for words in rule.values() for word in words}
    assert named & {"*", "secrets", "pods/exec", "pods/attach", "impersonate", "escalate", "bind"} == set()
    assert objects(TEAM, "ServiceAccount")[0]["automountServiceAccountToken"] is False


def test_traffic_stays_in_the_namespace_but_for_dns() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in objects(TEAM, "NetworkPolicy")}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert policies["same-namespace"]["egress"] == [{"to": [{"podSelector": {}}]}]
    assert policies["dns"]["egress"][0]["to"][0]["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}
    (rule,) = next(one for one in objects(TEAM, "NetworkPolicy", AUTO) if one["metadata"]["name"] == "dns")["spec"][
        "egress"
    ]
    assert sorted(rule) == ["ports"]


def test_a_namespace_named_after_another_team() -> None:
    named = changed(TEAM, namespaces=("orders",))
    both = with_teams(named, changed(TEAM, name="orders", members=(Role("B"),)))
    assert places(both) == ["teams[1]"]


@pytest.mark.parametrize("compute", [AUTO.compute, SMALL.compute, (*SMALL.compute, AutoMode())])
def test_teams_fit_every_kind_of_nodes(compute: Any) -> None:
    assert plan(with_teams(WIDE, base=changed(SMALL, compute=compute))).teams[0].name == "payments"


def test_teams_do_not_fit_fargate() -> None:
    profile = FargateProfile("shop", selectors=(FargateSelector("shop"), FargateSelector("shop-jobs")))
    assert places(with_teams(WIDE, base=changed(SMALL, compute=(*SMALL.compute, profile)))) == ["teams[0]", "teams[0]"]
