"""The hosted zones that add-ons write to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from botocore.exceptions import ClientError

from blueprint.contribution import HostedZone
from blueprint.planning.document import Plan
from blueprint.references import references_in
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import code_of, live_vpc

NAME = "dns"


_ELSEWHERE = "with credentials of that account: aws route53 get-hosted-zone --id ZONE"


class Zone(NamedTuple):
    """What Route 53 says of one."""

    domain: str
    private: bool
    vpcs: tuple[str, ...] = ()
    """In which a private one answers."""


def hosted_zones(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """They exist, in this account, and are of the domains that the blueprint names."""
    for part in plan.parts:
        # Of those that a deploy makes nothing is there to look at.
        wanted = [zone for zone in part.contribution.hosted_zones if not any(references_in(zone.id))]
        if elsewhere := [zone.id for zone in wanted if zone.account not in ("", plan.facts.account)]:
            why = "its zones are of another account, which these credentials do not reach"
            yield warning(NAME, f"{part.name}: {', '.join(elsewhere)} not looked up", why, _ELSEWHERE)
        own = [zone for zone in wanted if zone.id not in elsewhere]
        there = {zone.id: _zone(zone.id, aws) for zone in own}
        yield from _missing(part.name, there)
        found = [(zone, live) for zone in own if (live := there[zone.id])]
        yield from _records(part.name, [each for each in found if not each[0].challenges], complete=all(there.values()))
        yield from (_challenge(part.name, zone, live) for zone, live in found if zone.challenges)
        yield from _elsewhere(plan, part.name, [each for each in found if each[1].private], aws)


def _zone(id: str, aws: Aws) -> Zone | None:
    def ask() -> Zone | None:
        try:
            answer = aws.route53.get_hosted_zone(Id=id)
        except ClientError as error:
            if code_of(error) in ("NoSuchHostedZone", "InvalidInput"):
                return None
            raise
        found = answer["HostedZone"]
        vpcs = tuple(vpc.get("VPCId", "") for vpc in answer.get("VPCs", []))
        return Zone(found["Name"].rstrip("."), found.get("Config", {}).get("PrivateZone", False), vpcs)

    return aws.once(f"hosted zone {id}", ask)


def _missing(addon: str, zones: Mapping[str, Zone | None]) -> Iterator[Finding]:
    for id, zone in zones.items():
        if not zone:
            why = "its role is of this account, so it cannot write to a zone of another"
            fix = "correct the id: aws route53 list-hosted-zones"
            yield problem(NAME, f"{addon}: this account has no hosted zone {id}", why, fix)


def within(name: str, domain: str) -> bool:
    """Whether a DNS name is the domain or below it."""
    return name == domain or name.endswith(f".{domain}")


def _records(addon: str, zones: Sequence[tuple[HostedZone, Zone]], *, complete: bool) -> Iterator[Finding]:
    domains = dict.fromkeys(domain for zone, _ in zones for domain in zone.domains)
    homeless = [each for each in domains if complete and not any(within(each, live.domain) for _, live in zones)]
    if homeless:
        held, names = ", ".join(sorted({live.domain for _, live in zones})), ", ".join(homeless)
        why = f"its zones are of {held}, so names in {names} are never written"
        yield problem(NAME, f"{addon}: no zone holds {names}", why, "correct `zones` or `domains`")
    for zone, live in zones:
        related = [one for one in zone.domains if within(one, live.domain) or within(live.domain, one)]
        if zone.domains and not related:
            if homeless:
                continue  # one cause, one finding
            why = f"it writes names in {', '.join(zone.domains)} only"
            yield warning(NAME, f"{addon}: zone {zone.id} is of {live.domain}", why, "correct `zones` or `domains`")
        else:
            yield ok(NAME, f"{addon}: zone {zone.id} is of {live.domain}{', private' if live.private else ''}")


def _elsewhere(plan: Plan, addon: str, zones: Sequence[tuple[HostedZone, Zone]], aws: Aws) -> Iterator[Finding]:
    """A private zone answers in the VPCs that it is associated with, and nowhere else.

    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/hosted-zone-private-associate-vpcs.html
    """
    vpc = live_vpc(plan, aws) if zones else None
    id = vpc["VpcId"] if vpc else ""
    for zone, live in zones:
        if id in live.vpcs or zone.challenges:
            continue
        what = f"{addon}: the private zone {zone.id} answers in {', '.join(live.vpcs)}, not in the cluster's VPC"
        why = "what the add-on writes there is not found from the cluster"
        fix = (
            f"aws route53 associate-vpc-with-hosted-zone --hosted-zone-id {zone.id} --vpc VPCRegion={aws.region},VPCId="
        )
        if id:
            yield problem(NAME, what, why, f"{fix}{id}")
        else:
            yield warning(NAME, what, why, f"when the network stack has made the VPC: {fix}…")


def _challenge(addon: str, zone: HostedZone, live: Zone) -> Finding:
    """A certificate authority asks public DNS. https://letsencrypt.org/docs/challenge-types/#dns-01-challenge"""
    domain = ", ".join(zone.domains)
    if live.private:
        why = "a certificate authority sees public zones only, so no challenge succeeds"
        return problem(NAME, f"{addon}: zone {zone.id} of {domain} is private", why, "give the public zone")
    if not all(within(each, live.domain) for each in zone.domains):
        why = "the record of a challenge cannot be in it"
        return problem(NAME, f"{addon}: zone {zone.id} is of {live.domain}, not {domain}", why, "correct `zones`")
    return ok(NAME, f"{addon}: zone {zone.id} is of {live.domain}")
