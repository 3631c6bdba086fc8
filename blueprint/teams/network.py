"""Who talks to a team's pods, and whom they talk to: nothing but what is declared.

https://kubernetes.io/docs/concepts/services-networking/network-policies
"""

from __future__ import annotations

import ipaddress
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, NOT_RESERVED, AnyCidr, DnsLabel, between
from blueprint.kubernetes import Manifest
from blueprint.teams.namespaces import TEAM_LABEL, named
from blueprint.value import Value

# Of each address the CNI's agent keeps 24 pairs of port and protocol, from all rules that hold for it, and what is
# beyond is dropped, whichever that happens to be: aws-network-policy-agent pkg/ebpf/c/tc.v4ingress.bpf.c:15
# (MAX_PORT_PROTOCOL), pkg/utils/utils.go (ComputeTrieValue), pkg/fwruleprocessor/fw_rule_processor.go; in part also
# https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy.html (considerations).
# Three are the platform's: DNS by UDP and by TCP, and what is open within a namespace.
_MOST_PORTS = 24 - 3

_HTTPS = 443
# Credentials of a service account with AWS permissions come from here.
# https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html, pod-id-agent-config-ipv6.html
_AGENT = {"ipv4": "169.254.170.23/32", "ipv6": "fd00:ec2::23/128"}
# RFC 6890: of one's own (Services, and what a node answers itself), NAT64, of a link, multicast
_PRIVATE_IPV6 = ("fc00::/7", "64:ff9b::/96", "fe80::/10", "ff00::/8")

Port = Annotated[int, between(1, 65_535)]
Ports = Annotated[tuple[Port, ...], NOT_EMPTY]


class Edge(Value):
    """A connection that a team's pods may have, by TCP."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What a team has one of."""

    def ingress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        """Rules of a network policy that let others in."""
        return []

    def egress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        """Rules of a network policy that let pods out."""
        return []


class FromTeam(Edge):
    """Pods of another team may connect; it says so too, with `ToTeam`."""

    team: DnsLabel
    """Name of the other team."""
    ports: Ports
    """Of this team's pods."""

    @property
    def key(self) -> str:
        return f"from-{self.team}"

    def ingress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        return _ingress([_team(self.team)], self.ports)


class ToTeam(Edge):
    """Pods may connect to those of another team; it says so too, with `FromTeam`."""

    team: DnsLabel
    """Name of the other team."""
    ports: Ports
    """Of the other team's pods."""

    @property
    def key(self) -> str:
        return f"to-{self.team}"

    def egress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        return _egress([_team(self.team)], self.ports)


class FromLoadBalancer(Edge):
    """Load balancers on the internet may connect: they stand in public subnets, where no pod has an address."""

    ports: Ports
    """Of the team's pods, not of the load balancer."""

    @property
    def key(self) -> str:
        return "from-load-balancer"

    def ingress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        return _ingress(_ranges(facts.load_balancer_ranges), self.ports)


class FromInternalLoadBalancer(Edge):
    """Internal load balancers may connect, and so may all else in their subnets whose own side is not closed.

    Unless the network has subnets for them alone, they stand among the pods, and no network policy can tell them from
    these: nodes get in, and pods that no policy holds, such as those of add-ons. Pods of other teams do not, unless
    their team names these addresses in `ToRange`: nothing but what is declared leaves them. A load balancer that keeps
    the clients' addresses is not let in by this, for these are not its own.
    https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html (kubernetes.io/role/internal-elb)
    """

    ports: Ports
    """Of the team's pods, not of the load balancer."""

    @property
    def key(self) -> str:
        return "from-internal-load-balancer"

    def ingress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        return _ingress(_ranges(facts.internal_load_balancer_ranges), self.ports)


class ToRange(Edge):
    """Pods may connect to a range of addresses outside of the cluster, for example of an RDS database."""

    cidr: Annotated[AnyCidr, NOT_RESERVED]
    """IPv4, /8 or smaller, or IPv6, /16 or smaller. In a cluster of the other family it has no effect: pods have no
    such address, and what IPv6 pods send to IPv4 addresses no policy holds."""
    ports: Ports
    """Of what is there."""

    def problems(self) -> Iterator[Problem]:
        network = ipaddress.ip_network(self.cidr)
        if network.version == 4 and network.prefixlen < 8 and self.cidr != "0.0.0.0/0":
            yield Problem(("cidr",), self.cidr, "the range is /8 or smaller", "write ToInternet(), or a smaller range")
        if self.cidr == "0.0.0.0/0":
            yield Problem(("cidr",), self.cidr, "this includes every pod of every team", "write ToInternet()")

    @property
    def key(self) -> str:
        return f"to-{self.cidr.replace('/', '-')}"

    def egress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        family = "ipv6" if ":" in self.cidr else "ipv4"
        return _egress(_ranges((self.cidr,)), self.ports) if family == facts.ip_family else []


class ToAwsServices(Edge):
    """Pods may connect to AWS services that the network reaches by interface endpoints, which stand in subnets where no
    pod has an address. Others have public addresses, as S3 has by its gateway, which is no interface: `ToInternet`.
    """

    @property
    def key(self) -> str:
        return "to-aws-services"

    def egress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        # An empty list of peers would let them reach everybody.
        peers = _ranges(facts.endpoint_ranges) if facts.ip_family == "ipv4" else []
        return _egress(peers, (_HTTPS,)) if peers else []


class ToInternet(Edge):
    """Pods may connect to public addresses; not to private ones, where other teams' pods are."""

    ports: Ports = (443,)
    """Of what is there."""

    @property
    def key(self) -> str:
        return "to-internet"

    def egress(self, facts: ClusterFacts) -> list[dict[str, Any]]:
        if facts.ip_family == "ipv6":
            # All pods have public addresses then, of the VPC's own ranges.
            excepted = [*_PRIVATE_IPV6, *facts.vpc_ipv6_ranges]
            return _egress([{"ipBlock": {"cidr": "::/0", "except": excepted}}], self.ports)
        private = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]
        return _egress([{"ipBlock": {"cidr": "0.0.0.0/0", "except": private}}], self.ports)


def crowded(edges: Iterable[Edge]) -> Iterator[Problem]:
    """Too many ports to keep for one address: ranges may overlap each other, and hold the pods of another team."""
    for words, of_team, of_ranges in (
        ("into its pods", FromTeam, (FromLoadBalancer, FromInternalLoadBalancer)),
        ("out of them", ToTeam, (ToRange, ToInternet)),
    ):
        ranges = {port for edge in edges if isinstance(edge, of_ranges) for port in edge.ports}
        if of_team is ToTeam and any(isinstance(edge, ToAwsServices) for edge in edges):
            ranges.add(_HTTPS)
        teams = [set(edge.ports) for edge in edges if isinstance(edge, of_team)]
        most = max(len(ranges | ports) for ports in (set(), *teams))
        if most > _MOST_PORTS:
            rule = f"at most {_MOST_PORTS} ports {words}: of all ranges and any one team together"
            yield Problem(("network",), most, rule, "serve on fewer ports, or split the team")


def policies(namespace: str, edges: tuple[Edge, ...], facts: ClusterFacts) -> Iterator[Manifest]:
    """Nothing in or out but the namespace's own pods, DNS lookups, the Pod Identity agent and the edges.

    All edges are in one policy that is always there: kubectl removes no network policy that has left a manifest, so one
    that is no longer declared would stay open. https://github.com/kubernetes/kubectl/blob/master/pkg/util/prune/prune.go
    """
    both = ["Ingress", "Egress"]
    own: list[dict[str, Any]] = [{"podSelector": {}}]
    specs: dict[str, dict[str, Any]] = {
        "default-deny": {"policyTypes": both},
        "same-namespace": {"policyTypes": both, "ingress": [{"from": own}], "egress": [{"to": own}]},
        "dns": {"policyTypes": ["Egress"], "egress": [_dns(facts)]},
        "pod-identity": {"policyTypes": ["Egress"], "egress": _egress(_ranges((_AGENT[facts.ip_family],)), (80,))},
        "declared": {
            "policyTypes": both,
            "ingress": [rule for edge in edges for rule in edge.ingress(facts)],
            "egress": [rule for edge in edges for rule in edge.egress(facts)],
        },
    }
    for name, spec in specs.items():
        yield named("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec={"podSelector": {}, **spec})


def _dns(facts: ClusterFacts) -> dict[str, Any]:
    rule: dict[str, Any] = {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}
    if not facts.auto_mode:  # Auto Mode answers on each node, outside of any pod that a policy could name
        rule["to"] = [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ]
    return rule


def _team(name: str) -> dict[str, Any]:
    return {"namespaceSelector": {"matchLabels": {TEAM_LABEL: name}}}


def _ranges(cidrs: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]


def _ingress(peers: list[dict[str, Any]], ports: tuple[int, ...]) -> list[dict[str, Any]]:
    # An empty list of peers would let everybody in.
    return [{"from": peers, "ports": _tcp(ports)}] if peers else []


def _egress(peers: list[dict[str, Any]], ports: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"to": peers, "ports": _tcp(ports)}]


def _tcp(ports: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]
