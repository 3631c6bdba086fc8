"""Annotations by which controllers act on objects of a team with the platform's rights: those that a team may write.

Whoever writes them chooses load balancers, certificates and DNS records, so what is not listed here is refused, also
what a later version of a controller brings. Read of aws-load-balancer-controller v3.5.0 (pkg/annotations/constants.go,
docs/guide/ingress/annotations.md), external-dns v0.21.0 (source/annotations/annotations.go) and cert-manager v1.21.1
(pkg/apis/certmanager/v1/types.go). EKS Auto Mode reads those of the first.
"""

from __future__ import annotations

CONTROLLED = (
    "^(alb[.]ingress[.]kubernetes[.]io/|external-dns[.]([a-z]+[.])*kubernetes[.]io/|([a-z]+[.])*cert-manager[.]io/"
    "|service[.](beta[.])?kubernetes[.]io/(aws-)?load-balancer-|kubernetes[.]io/tls-acme$)"
)
"""What the keys of such annotations begin with, as a regular expression of RE2 and of Python."""
ALB = "alb.ingress.kubernetes.io/"
EXTERNAL_DNS = "external-dns.alpha.kubernetes.io/"
CERT_MANAGER = "cert-manager.io/"

# Not among them, and why:
# group.name, group.order: another team's load balancer, with rules before its own
# actions.*, conditions.*, transforms.*: target groups and hosts that no rule of the Ingress shows
# security-groups, manage-backend-security-group-rules: where a load balancer stands, and what it opens
# auth-*, jwt-validation, mutual-authentication: user pools and trust stores of the account
# wafv2-*, waf-*, web-acl-id, shield-*, tags, load-balancer-name, *-pool*, *capacity: the account's, or shared
# enable-frontend-nlb, frontend-nlb-*, create-acm-cert, acm-pca-arn: more load balancers and certificates
_ALB = (
    *("backend-protocol", "backend-protocol-version", "healthcheck-interval-seconds", "healthcheck-path"),
    *("healthcheck-port", "healthcheck-protocol", "healthcheck-timeout-seconds", "healthy-threshold-count"),
    *("inbound-cidrs", "ip-address-type", "listen-ports", "ssl-policy", "ssl-redirect", "success-codes"),
    *("target-group-attributes", "target-type", "unhealthy-threshold-count", "use-regex-path-match"),
)
# `target` sends a name to any host; aws-*, set-identifier and alias make a record one of several; access and
# endpoints-type publish nodes.
_EXTERNAL_DNS = ("controller", "gateway-hostname-source", "ingress-hostname-source", "ttl")
# common-name, alt-names and *-sans add names; issuer-kind and issuer-group make a ClusterIssuer of an `issuer`; by
# usages and subject-* a certificate says more than whose a host is.
_CERT_MANAGER = (
    *("duration", "issuer", "private-key-algorithm", "private-key-encoding", "private-key-rotation-policy"),
    *("private-key-size", "renew-before", "revision-history-limit"),
)
FREE = (
    *(f"{ALB}{name}" for name in _ALB),
    *(f"{EXTERNAL_DNS}{name}" for name in _EXTERNAL_DNS),
    *(f"{CERT_MANAGER}{name}" for name in _CERT_MANAGER),
)
"""With any value: they take effect on what is the object's own."""
HOSTNAMES = (f"{EXTERNAL_DNS}hostname", f"{EXTERNAL_DNS}internal-hostname")
"""With host names of the team."""
SCHEME = f"{ALB}scheme"
SUBNETS = (f"{ALB}subnets", "service.beta.kubernetes.io/aws-load-balancer-subnets")
"""Where a load balancer stands: among the subnets of the network for such ones, where these have to be named."""
CERTIFICATE = f"{ALB}certificate-arn"
ISSUER = f"{CERT_MANAGER}cluster-issuer"
ATTRIBUTES = f"{ALB}load-balancer-attributes"
HARMLESS_ATTRIBUTES = (
    *("client_keep_alive.seconds", "idle_timeout.timeout_seconds", "routing.http.drop_invalid_header_fields.enabled"),
    *("routing.http.preserve_host_header.enabled", "routing.http2.enabled"),
)
"""Others write logs into buckets, and keep load balancers from being deleted."""
