"""What it may do in hosted zones."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.addons import Statement
from blueprint.references import PARTITION

_CHANGE = ("route53:ChangeResourceRecordSets",)
_NAMES = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
# --managed-record-types is left at its default: pkg/apis/externaldns/types.go:323 of v0.21.0.
_MANAGED = ("A", "AAAA", "CNAME")


def records_in(ids: Iterable[str], hosts: Iterable[str]) -> tuple[Statement, ...]:
    """Of these hosts in these zones; of all names where there are none.

    Its TXT record for a host has the type in front: registry/mapper/mapper.go (ToTXTName).
    """
    zones = tuple(f"arn:{PARTITION}:route53:::hostedzone/{id}" for id in ids)
    names = tuple(
        name
        for host in hosts
        for name in (host, *(f"{kind.lower()}-{host}" for kind in _MANAGED if not host.startswith("*.")))
    )
    # NS, SOA and MX records stay out of reach: with them a cluster could take over the domain or its mail.
    allowed: dict[str, dict[str, tuple[str, ...]]] = {
        "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": (*_MANAGED, "TXT")}
    }
    if names:
        allowed["ForAllValues:StringLike"] = {_NAMES: names}
    why = "it finds zones by name, and AWS offers no narrower resource"
    return (
        Statement(("route53:ListHostedZones",), ("*",), reason=why),
        Statement(("route53:ListResourceRecordSets",), zones),
        Statement(_CHANGE, zones, allowed),
        # By such a record somebody else gets certificates for the domain.
        Statement(_CHANGE, zones, {"ForAnyValue:StringLike": {_NAMES: "_acme-challenge.*"}}, effect="Deny"),
    )
