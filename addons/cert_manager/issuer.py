"""The issuer that cert-manager gets certificates from. https://cert-manager.io/docs/configuration/acme"""

from __future__ import annotations

from collections.abc import Mapping

from blueprint.kubernetes import Manifest


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
    kind = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": "letsencrypt"}}
    return {**kind, "spec": {"acme": acme}}
