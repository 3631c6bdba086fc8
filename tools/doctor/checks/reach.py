"""Whether kubectl on this machine reaches the Kubernetes API of the live cluster."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, warning
from tools.doctor.lookups import live_cluster

NAME = "kubectl"
TIMEOUT_SECONDS = 3


def kubernetes_api(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """No deploy depends on it: charts are installed by a function inside the VPC.

    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    cluster = live_cluster(plan, aws)
    if not cluster or "endpoint" not in cluster:
        return
    endpoint = cluster["endpoint"]
    failure = unreachable(endpoint, cluster["certificateAuthority"].get("data", ""))
    public = cluster["resourcesVpcConfig"].get("endpointPublicAccess", False)
    if not failure:
        yield ok(NAME, f"this machine reaches {endpoint}")
    elif not public:
        yield ok(
            NAME, "the API answers inside the VPC only, so kubectl does not work from here; a deploy needs no kubectl"
        )
    else:
        ranges = ", ".join(cluster["resourcesVpcConfig"].get("publicAccessCidrs", []))
        why = f"kubectl does not work from here; it answers {ranges}; a deploy needs no kubectl"
        fix = "come from one of these ranges, or add yours: endpoint=PublicEndpoint(allow=(…))"
        yield warning(NAME, f"this machine does not reach {endpoint}: {failure}", why, fix)


def unreachable(endpoint: str, certificate_authority: str) -> str:
    """Why not, empty when the cluster itself answers: its certificate is of its own authority (PEM in base64)."""
    address = urlsplit(endpoint)
    host = address.hostname or ""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=base64.b64decode(certificate_authority).decode("ascii"))
        with (
            socket.create_connection((host, address.port or 443), TIMEOUT_SECONDS) as connection,
            context.wrap_socket(connection, server_hostname=host),
        ):
            return ""
    except TimeoutError:
        return f"no answer in {TIMEOUT_SECONDS} s"
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
