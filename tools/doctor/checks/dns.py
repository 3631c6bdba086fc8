"""The hosted zones that add-ons write to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from botocore.exceptions import ClientError

from addons.cert_manager import CertManager
from addons.external_dns import ExternalDns
from blueprint.plan import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import code_of

NAME = "dns"


_ELSEWHERE = "with credentials of that account: aws route53 get-hosted-zone --id ZONE"


class Zone(NamedTuple):
    """What Route 53 says of one."""

    domain: str
    private: bool


def hosted_zones(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """They exist, in this account, and are of the domains that the blueprint names."""
    for addon in plan.blueprint.addons:
        if isinstance(addon, ExternalDns) and _account(addon) not in (None, plan.facts.account):
            why = "its zones are of another account, which these credentials do not reach"
            yield warning(NAME, f"{addon.name}: {', '.join(addon.zones)} not looked up", why, _ELSEWHERE)
        elif isinstance(addon, ExternalDns):
            zones = {id: _zone(id, aws) for id in addon.zones}
            yield from _missing(addon.name, zones)
            yield from _of_domains(addon, {id: zone for id, zone in zones.items() if zone})
        elif isinstance(addon, CertManager):
            zones = {id: _zone(id, aws) for id in sorted(set(addon.zones.values()))}
            yield from _missing(addon.name, zones)
            for domain, id in sorted(addon.zones.items()):
                if zone := zones[id]:
                    yield _of_challenge(domain, id, zone)


def _account(addon: ExternalDns) -> str | None:
    return addon.assume_role.account if addon.assume_role else None


def _zone(id: str, aws: Aws) -> Zone | None:
    def ask() -> Zone | None:
        try:
            found = aws.route53.get_hosted_zone(Id=id)["HostedZone"]
        except ClientError as error:
            if code_of(error) in ("NoSuchHostedZone", "InvalidInput"):
                return None
            raise
        return Zone(found["Name"].rstrip("."), found.get("Config", {}).get("PrivateZone", False))

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


def _of_domains(addon: ExternalDns, zones: Mapping[str, Zone]) -> Iterator[Finding]:
    for domain in addon.domains:
        if len(zones) == len(addon.zones) and not any(within(domain, zone.domain) for zone in zones.values()):
            held = ", ".join(sorted({zone.domain for zone in zones.values()}))
            why = f"its zones are of {held}, so names in {domain} are never written"
            yield problem(NAME, f"{addon.name}: no zone holds {domain}", why, "correct `zones` or `domains`")
    for id, zone in zones.items():
        related = [one for one in addon.domains if within(one, zone.domain) or within(zone.domain, one)]
        if addon.domains and not related:
            why = f"it writes names in {', '.join(addon.domains)} only"
            yield warning(NAME, f"{addon.name}: zone {id} is of {zone.domain}", why, "correct `zones` or `domains`")
        else:
            yield ok(NAME, f"{addon.name}: zone {id} is of {zone.domain}{', private' * zone.private}")


def _of_challenge(domain: str, id: str, zone: Zone) -> Finding:
    """A certificate authority asks public DNS. https://letsencrypt.org/docs/challenge-types/#dns-01-challenge"""
    if zone.private:
        why = "a certificate authority sees public zones only, so no challenge succeeds"
        return problem(NAME, f"cert-manager: zone {id} of {domain} is private", why, "give the public zone")
    if not within(domain, zone.domain):
        why = "the record of a challenge cannot be in it"
        return problem(NAME, f"cert-manager: zone {id} is of {zone.domain}, not {domain}", why, "correct `zones`")
    return ok(NAME, f"cert-manager: zone {id} is of {zone.domain}")
