"""What a team may show to the outside: under its own names, by load balancers that it lets in, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from blueprint.teams.annotations import (
    ATTRIBUTES,
    CERTIFICATE,
    CONTROLLED,
    FREE,
    HARMLESS_ATTRIBUTES,
    HOSTNAMES,
    ISSUER,
    SCHEME,
    SUBNETS,
)


class Limit(NamedTuple):
    """What the value of an annotation must be."""

    pattern: str
    """Of the whole of it: a regular expression of RE2 and of Python, without a backslash, which CEL would read."""
    rule: str
    fix: str


class Refusal(NamedTuple):
    """A mistake without its place."""

    value: object
    rule: str
    fix: str


@dataclass(frozen=True)
class Exposure:
    """Whatever controllers that make load balancers, DNS records and certificates may do for a team."""

    team: str
    hosts: tuple[str, ...] = ()
    """Its own; wildcards have all names under them."""
    schemes: tuple[str, ...] = ()
    """Of load balancers that it lets in."""
    certificates: tuple[str, ...] = ()
    """ARNs of ACM."""
    issuers: tuple[str, ...] = ()
    """ClusterIssuers of cert-manager."""
    subnets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By scheme, those that load balancers have to name."""

    @cached_property
    def host(self) -> str:
        """The pattern of its names. None begins with `_`: that would answer a certificate authority's challenge."""
        return _one_of(map(host_pattern, self.hosts))

    @property
    def named_hosts(self) -> str:
        """Its names in words."""
        return ", ".join(self.hosts) or "<none>"

    @property
    def named_subnets(self) -> str:
        """Those of each scheme that it lets in, in words."""
        found = (",".join(ids) for scheme, ids in self.subnets if scheme in self.schemes)
        return " or ".join(found) or "none: it lets no load balancer in"

    @cached_property
    def limits(self) -> Mapping[str, Limit]:
        """Annotations that it may write with some values."""
        attribute = f"{_one_of(map(_literal, HARMLESS_ATTRIBUTES))}=[a-z0-9]+"
        foreign = f"must be host names of team {self.team}, apart by commas: {self.named_hosts}"
        return {
            **{
                key: Limit(_several(self.host), foreign, "add it to hosts of the team, or remove it")
                for key in HOSTNAMES
            },
            SCHEME: Limit(
                _one_of(self.schemes),
                f"must be a scheme of load balancers that the network of team {self.team} lets in",
                "add FromLoadBalancer or FromInternalLoadBalancer to network of the team",
            ),
            CERTIFICATE: Limit(
                _several(_one_of(map(_literal, self.certificates))),
                f"must be certificates of team {self.team}",
                "add it to certificates of the team, or remove it: its hosts find theirs in ACM",
            ),
            ISSUER: Limit(
                _one_of(map(_literal, self.issuers)),
                f"must be an issuer of team {self.team}",
                "add it to issuers of the team",
            ),
            **{
                key: Limit(
                    _one_of(_several(_one_of(ids)) for scheme, ids in self.subnets if scheme in self.schemes),
                    f"must be subnets for load balancers that the network of team {self.team} lets in",
                    f"write {self.named_subnets}",
                )
                for key in (SUBNETS if self.subnets else ())
            },
            ATTRIBUTES: Limit(
                _several(attribute),
                "other attributes reach beyond the load balancer",
                f"write no other than {', '.join(HARMLESS_ATTRIBUTES)}",
            ),
        }

    @property
    def writable(self) -> tuple[str, ...]:
        """All annotations of controllers that it may write."""
        return (*self.limits, *FREE)

    def refused_host(self, host: object) -> Refusal | None:
        """What is wrong with a name."""
        if isinstance(host, str) and re.fullmatch(self.host, host):
            return None
        fix = f"write one of {self.named_hosts}, or add it to hosts of the team"
        return Refusal(host, f"must be a host name of team {self.team}", fix)

    def refused_annotations(self, annotations: Mapping[str, Any]) -> Iterator[tuple[str, Refusal]]:
        """What is wrong with annotations, by their keys."""
        for key, value in annotations.items():
            if not re.match(CONTROLLED, key):
                continue
            if limit := self.limits.get(key):
                if not re.fullmatch(limit.pattern, str(value)):
                    yield key, Refusal(value, limit.rule, limit.fix)
            elif key not in FREE:
                rule = "a controller would act on it with the platform's rights, and no team may write it"
                yield key, Refusal(value, rule, f"remove {key}")


def host_pattern(host: str) -> str:
    """Of one host: itself, or all names under it."""
    return f"[a-z0-9*][a-z0-9*.-]*{_literal(host[1:])}" if host.startswith("*.") else _literal(host)


def _literal(text: str) -> str:
    return text.replace(".", "[.]")


def _one_of(patterns: Iterable[str]) -> str:
    """Only the empty text when there is none."""
    return f"({'|'.join(patterns)})"


def _several(pattern: str) -> str:
    return f"{pattern}(,{pattern})*"
