"""Annotations that a team may write: spelt as the controllers read them."""

from __future__ import annotations

import re

import botocore.session

from blueprint.teams.annotations import (
    ATTRIBUTES,
    CERTIFICATE,
    FREE,
    HARMLESS_ATTRIBUTES,
    HOSTNAMES,
    ISSUER,
    SCHEME,
    SUBNETS,
)

# aws-load-balancer-controller v3.5.0, pkg/annotations/constants.go:14-80
ALB = """
    backend-protocol backend-protocol-version certificate-arn healthcheck-interval-seconds healthcheck-path
    healthcheck-port healthcheck-protocol healthcheck-timeout-seconds healthy-threshold-count inbound-cidrs
    ip-address-type listen-ports load-balancer-attributes scheme ssl-policy ssl-redirect subnets success-codes
    target-group-attributes target-type unhealthy-threshold-count use-regex-path-match
"""
# external-dns v0.21.0, source/annotations/annotations.go:49-72
EXTERNAL_DNS = "controller gateway-hostname-source hostname ingress-hostname-source internal-hostname ttl"
# cert-manager v1.21.1, pkg/apis/certmanager/v1/types.go:48-151
CERT_MANAGER = """
    cluster-issuer duration issuer private-key-algorithm private-key-encoding private-key-rotation-policy
    private-key-size renew-before revision-history-limit
"""
READ = {
    *(f"alb.ingress.kubernetes.io/{name}" for name in ALB.split()),
    *(f"external-dns.alpha.kubernetes.io/{name}" for name in EXTERNAL_DNS.split()),
    *(f"cert-manager.io/{name}" for name in CERT_MANAGER.split()),
    "service.beta.kubernetes.io/aws-load-balancer-subnets",  # constants.go:115
}


def test_each_is_one_that_its_controller_reads() -> None:
    assert {*FREE, *HOSTNAMES, *SUBNETS, SCHEME, CERTIFICATE, ISSUER, ATTRIBUTES} == READ


def test_harmless_attributes_are_some_of_a_load_balancer() -> None:
    """As the API's model of botocore describes their keys."""
    attribute = botocore.session.get_session().get_service_model("elbv2").shape_for("LoadBalancerAttribute")
    described = attribute.members["Key"].documentation  # type: ignore[attr-defined]  # a StructureShape
    known = set(re.findall(r"<code>([\w.]+)</code>", described))
    assert set(HARMLESS_ATTRIBUTES) <= known
    assert "access_logs.s3.enabled" in known - set(HARMLESS_ATTRIBUTES)
