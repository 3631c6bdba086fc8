"""Network policies, compared by whom they name."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.planning.planner import plan
from blueprint.teams import ToInternet, ToRange
from tests.blueprint.examples import SMALL
from tests.tools.review.dangers.support import Resources, differing, manifest, only, resource, thing, told

NET = "networking.k8s.io"
VPC = {"Vpc": resource("AWS::EC2::VPC", {"CidrBlock": "10.4.0.0/16"})}
HTTPS = [{"port": 443, "protocol": "TCP"}]


def policy(*egress: Any, ingress: Any = (), name: str = "declared") -> Any:
    spec = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": list(egress), "ingress": list(ingress)}
    return thing("NetworkPolicy", name, "shop", NET, spec=spec)


def having(*policies: Any) -> Resources:
    deny = thing("NetworkPolicy", "default-deny", "shop", NET, spec={"policyTypes": ["Ingress", "Egress"]})
    return {**VPC, "It": manifest(deny, *policies)}


def to(*peers: Any, ports: Any = HTTPS) -> dict[str, Any]:
    return {"to": list(peers), **({"ports": ports} if ports else {})}


def from_(*peers: Any, ports: Any = HTTPS) -> dict[str, Any]:
    return {"from": list(peers), **({"ports": ports} if ports else {})}


def block(cidr: str, *excepted: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": list(excepted)} if excepted else {})}}


DATABASE = to(block("10.9.0.0/24"))
ALL_NAMESPACES: dict[str, Any] = {"namespaceSelector": {}}
WIDE: list[tuple[Any, str]] = [
    (policy(to(block("10.4.0.0/16"))), "its pods reach the whole VPC"),
    (policy(to(block("10.0.0.0/8"))), "its pods reach the whole VPC"),
    (policy(to(block("10.4.0.0/16", "10.9.0.0/24"))), "its pods reach the whole VPC"),
    (policy(to(block("0.0.0.0/0"))), "its pods reach the whole VPC"),
    (policy(to(block("10.9.0.0/24"), block("10.0.0.0/8"))), "its pods reach the whole VPC"),
    (policy(to(block("128.0.0.0/1"))), "its pods reach the world"),
    (policy(to(block("::/0"))), "its pods reach the world"),
    (policy(ingress=[from_(block("::/0", "fc00::/7"))]), "its pods are reached by the world"),
    (policy(to(ports=HTTPS)), "its pods reach anybody"),
    (policy({}), "its pods reach anybody"),
    (policy(to(ports=[{"port": 53, "endPort": 54, "protocol": "UDP"}])), "its pods reach anybody"),
    (policy(to(ports=[{"port": 53, "protocol": "UDP"}, *HTTPS])), "its pods reach anybody"),
    (policy(ingress=[from_(ports=[{"port": 53, "protocol": "UDP"}])]), "its pods are reached by anybody"),
    (policy(to(ALL_NAMESPACES)), "its pods reach all pods of the cluster"),
    (policy(ingress=[from_(ALL_NAMESPACES)]), "its pods are reached by all pods of the cluster"),
    (policy(ingress=[from_(block("0.0.0.0/0", "10.0.0.0/8"))]), "its pods are reached by the world"),
    (policy(ingress=[from_(block("10.4.0.0/15"))]), "its pods are reached by the whole VPC"),
    (policy(ingress=[{}]), "its pods are reached by anybody"),
    (policy(to(block("10.4.0.0/16")), name="another"), "its pods reach the whole VPC"),
]
NARROW = [
    policy(to(block("10.9.0.0/23"))),
    policy(to(block("10.4.0.0/19"))),
    policy(to(block("10.4.0.0/17"), block("203.0.113.0/24"))),
    policy(to(block("0.0.0.0/0", "10.0.0.0/8", "172.16.0.0/12"))),
    policy(to({"namespaceSelector": {"matchLabels": {"blueprint/team": "a"}}})),
    policy(to({**ALL_NAMESPACES, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}})),
    policy(to({"podSelector": {}})),
    policy(to(ports=[{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}])),
    policy(ingress=[from_(block("10.4.0.0/19"))]),
    policy(to(block("::/0", "fc00::/7", "2600:1f14:12:3400::/56"))),
    policy(to(block("2001:db8::/32"))),
    policy(ingress=[from_(block("${0.${Vpc.Ipv6CidrBlocks}}"))]),  # what CloudFormation fills in
    policy(),
]


@pytest.mark.parametrize(("after", "what"), WIDE)
def test_wide(after: Any, what: str) -> None:
    # Also in the namespace of a new team, which denies by default as all of them do.
    for before in (having(policy(DATABASE)), having(policy()), VPC | {"It": manifest(thing("ConfigMap", "a", "b"))}):
        danger = only(differing(before, having(after)))
        assert (danger.rule, danger.what) == ("opens-endpoint", f"namespace shop: {what}")
    # As it was, and narrower.
    assert told(differing(having(after), having(after, thing("ConfigMap", "a", "b")))) == []
    assert told(differing(having(after), having(policy(DATABASE)))) == []


@pytest.mark.parametrize("after", NARROW)
def test_no_false_alarm(after: Any) -> None:
    assert told(differing(having(policy(DATABASE)), having(after))) == []


def test_the_same_under_another_name_or_on_another_port() -> None:
    wide = to(block("10.0.0.0/8"))
    moved = having(policy(DATABASE), policy(wide, name="another"))
    assert told(differing(having(policy(DATABASE, wide)), moved)) == []
    on_another = having(policy(to(block("10.0.0.0/8"), ports=[{"port": 80, "protocol": "TCP"}])))
    assert told(differing(having(policy(wide)), on_another)) == []
    on_all = having(policy(to(block("10.0.0.0/8"), ports=None)))
    assert told(differing(having(policy(wide)), on_all)) == [("opens-endpoint", "It")]
    assert told(differing(on_all, having(policy(wide)))) == []


def test_a_policy_where_there_was_none_closes_more_than_it_opens() -> None:
    """As those that the platform's own namespaces get where the network is strict."""
    before = VPC | {"It": manifest(thing("ConfigMap", "a", "b"))}
    after = {**VPC, "It": manifest(thing("ConfigMap", "a", "b"), policy({}, ingress=[{"ports": HTTPS}]))}
    assert told(differing(before, after)) == []


def test_edges_of_our_teams() -> None:
    """The internet without private addresses is what `ToInternet` is for; the range of the VPC is everybody's."""

    def team(*edges: Any) -> Resources:
        return having(policy(*(rule for edge in edges for rule in edge.egress(plan(SMALL).facts))))

    database = ToRange("10.9.0.0/24", (5432,))
    assert told(differing(team(database), team(database, ToInternet()))) == []
    assert told(differing(team(database), team(ToRange("10.9.0.0/20", (5432,))))) == []
    assert told(differing(team(database), team(ToRange("10.4.0.0/16", (5432,))))) == [("opens-endpoint", "It")]
    assert told(differing(team(database), team(ToRange("10.0.0.0/8", (5432,))))) == [("opens-endpoint", "It")]
