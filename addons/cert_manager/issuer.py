"""The issuer that cert-manager gets certificates from. https://cert-manager.io/docs/configuration/acme"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.kubernetes import Manifest


def challenges(host: str) -> Iterator[str]:
    """Names under which it proves who holds a host; a wildcard is proved under its domain.

    https://letsencrypt.org/docs/challenge-types/#dns-01-challenge
    """
    yield f"_acme-challenge.{host}"
    if host.startswith("*."):
        yield f"_acme-challenge.{host.removeprefix('*.')}"


def letsencrypt(email: str, zones: Mapping[str, str], region: str) -> Manifest:
    """A ClusterIssuer that proves by DNS who holds a domain; `zones` gives the hosted zone of each."""
    solvers = [
        {"selector": {"dnsZones": [domain]}, "dns01": {"route53": {"region": region, "hostedZoneID": zone}}}
        for domain, zone in sorted(zones.items())
    ]
    acme = {
        "server": "https://acme-v02.api.letsencrypt.org/directory",
        "email": email,
        "privateKeySecretRef": {"name": "letsencrypt-account-key"},
        "solvers": solvers,
    }
    return _issuer({"acme": acme})


def signs_itself() -> Manifest:
    """The issuer of the same name for a cluster outside of AWS, where nobody can prove who holds a domain.

    https://cert-manager.io/docs/configuration/selfsigned
    """
    return _issuer({"selfSigned": {}})


def _issuer(spec: Mapping[str, Any]) -> Manifest:
    metadata = {"name": "letsencrypt"}
    return {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": metadata, "spec": spec}
