"""What teams may show to the outside and what not, as objects that somebody sends.

Whose a name is comes from the blueprint; the annotations are those of the controllers' own sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from blueprint.teams import ApplicationTeam, FromInternalLoadBalancer, FromLoadBalancer
from tests.isolation.admission import Request, refusals
from tests.isolation.world import World

Object = Mapping[str, Any]

ALB, NLB = "alb.ingress.kubernetes.io/", "service.beta.kubernetes.io/aws-load-balancer-"
DNS, CERTIFICATES = "external-dns.alpha.kubernetes.io/", "cert-manager.io/"
CERTIFICATE = "arn:aws:acm:us-west-2:111111111111:certificate/0a1b2c3d-0a1b-0a1b-0a1b-"
# Each with a value with which it does harm. aws-load-balancer-controller v3.5.0: docs/guide/ingress/annotations.md,
# docs/guide/service/annotations.md; external-dns v0.21.0: docs/annotations/annotations.md; cert-manager v1.21.1:
# pkg/apis/certmanager/v1/types.go, pkg/controller/certificate-shim/helper.go.
DANGEROUS: Mapping[str, str] = {
    f"{ALB}group.name": "shared",
    f"{ALB}group.order": "-1",
    f"{ALB}actions.ui": '{"type":"forward","targetGroupARN":"arn:aws:elasticloadbalancing:x"}',
    f"{ALB}conditions.ui": '[{"field":"host-header","hostHeaderConfig":{"values":["www.example.com"]}}]',
    f"{ALB}transforms.ui": '[{"type":"host-header-rewrite"}]',
    f"{ALB}security-groups": "sg-0123456789abcdef0",
    f"{ALB}security-group-prefix-lists": "pl-0123456789abcdef0",
    f"{ALB}manage-backend-security-group-rules": "true",
    f"{ALB}subnets": "subnet-0123456789abcdef0",
    f"{ALB}certificate-arn": f"{CERTIFICATE}ffffffffffff",
    f"{ALB}load-balancer-name": "payments",
    f"{ALB}load-balancer-attributes": "access_logs.s3.enabled=true,access_logs.s3.bucket=others",
    f"{ALB}tags": "team=payments",
    f"{ALB}auth-type": "cognito",
    f"{ALB}auth-idp-cognito": '{"userPoolARN":"arn:aws:cognito-idp:x"}',
    f"{ALB}auth-idp-oidc": '{"issuer":"https://evil.example.org"}',
    f"{ALB}jwt-validation": "{}",
    f"{ALB}mutual-authentication": "[]",
    f"{ALB}wafv2-acl-arn": "arn:aws:wafv2:x",
    f"{ALB}shield-advanced-protection": "true",
    f"{ALB}enable-frontend-nlb": "true",
    f"{ALB}frontend-nlb-scheme": "internet-facing",
    f"{ALB}create-acm-cert": "true",
    f"{ALB}scheme": "of-its-own",
    f"{ALB}of-a-later-version": "true",
    f"{NLB}scheme": "internet-facing",
    f"{NLB}security-groups": "sg-0123456789abcdef0",
    f"{NLB}ssl-cert": f"{CERTIFICATE}ffffffffffff",
    f"{NLB}eip-allocations": "eipalloc-0123456789abcdef0",
    "service.beta.kubernetes.io/load-balancer-source-ranges": "0.0.0.0/0",
    f"{DNS}target": "evil.example.org",
    f"{DNS}set-identifier": "b",
    f"{DNS}aws-weight": "255",
    f"{DNS}record-type": "ptr",
    f"{DNS}access": "public",
    f"{DNS}endpoints-type": "HostIP",
    f"{DNS}of-a-later-version": "true",
    "external-dns.kubernetes.io/target": "evil.example.org",
    f"{CERTIFICATES}cluster-issuer": "unknown",
    f"{CERTIFICATES}issuer-kind": "ClusterIssuer",
    f"{CERTIFICATES}issuer-group": "awspca.cert-manager.io",
    f"{CERTIFICATES}common-name": "www.example.com",
    f"{CERTIFICATES}alt-names": "www.example.com",
    f"{CERTIFICATES}email-sans": "ceo@example.com",
    f"{CERTIFICATES}usages": "cert sign",
    "acme.cert-manager.io/http01-edit-in-place": "true",
    "kubernetes.io/tls-acme": "true",
}
# One of each controller, and those of which the value counts.
EVERYWHERE = (
    *(f"{ALB}{name}" for name in ("group.name", "certificate-arn", "load-balancer-attributes", "scheme")),
    *(f"{NLB}scheme", f"{DNS}target", f"{CERTIFICATES}issuer-kind", f"{CERTIFICATES}cluster-issuer"),
)
FREE: Mapping[str, str] = {
    f"{ALB}target-type": "ip",
    f"{ALB}listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
    f"{ALB}ssl-redirect": "443",
    f"{ALB}healthcheck-path": "/actuator/health/readiness",
    f"{ALB}load-balancer-attributes": "idle_timeout.timeout_seconds=600,routing.http2.enabled=true",
    f"{DNS}ttl": "60",
    f"{CERTIFICATES}duration": "2160h",
    "example.com/group.name": "mine",
    "service.kubernetes.io/topology-mode": "Auto",
    "kubernetes.io/ingress.class": "alb",
}


class Sent(NamedTuple):
    """An object on its way, and what it asks for."""

    what: str
    group: str
    resource: str
    object: Object
    old: Object | None = None
    """What it changes."""

    def request(self, namespace: str) -> Request:
        """To the API server."""
        operation = "UPDATE" if self.old else "CREATE"
        return Request(self.resource, namespace, self.object, group=self.group, operation=operation, old=self.old)

    def both(self) -> Iterator[Sent]:
        """The same as something new, and as a change of something that has another spec or other annotations."""
        yield self
        yield self._replace(old={"metadata": self.object["metadata"], "spec": {"before": True}})
        if self.object["metadata"]:
            yield self._replace(old={"metadata": {}, "spec": self.object["spec"]})


def is_own(team: ApplicationTeam, name: str) -> bool:
    """By shell patterns, whose `*` is any text; names of challenges are nobody's."""
    return not name.startswith("_") and any(fnmatchcase(name, host) for host in team.hosts)


def ingress(*hosts: str, annotations: Mapping[str, str] | None = None, **spec: Any) -> Object:
    rules = {"rules": [{"host": host} for host in hosts]} if hosts else {}
    return _object({**rules, **spec}, annotations)


def _object(spec: Object, annotations: Mapping[str, str] | None = None) -> Object:
    return {"metadata": {"annotations": annotations} if annotations else {}, "spec": spec}


NETWORKING, GATEWAY_API = "networking.k8s.io", "gateway.networking.k8s.io"
ROUTES = ("httproutes", "grpcroutes", "tlsroutes")


def under(names: Sequence[str], own: Sequence[str]) -> Iterator[Sent]:
    """All ways to get these names; `own` are the team's."""
    listed = ",".join(names)
    yield Sent(f"an Ingress for {listed}", NETWORKING, "ingresses", ingress(*names))
    tls = ingress(*own[:1], tls=[{"hosts": list(names)}])
    yield Sent(f"a certificate for {listed}", NETWORKING, "ingresses", tls)
    for key in ("hostname", "internal-hostname"):
        yield from annotated({f"{DNS}{key}": listed}, own)
    for resource in ROUTES:
        yield Sent(f"{resource} of {listed}", GATEWAY_API, resource, _object({"hostnames": list(names)}))
    for resource in ("gateways", "listenersets"):
        listeners = _object({"listeners": [{"port": 80}, *({"hostname": name} for name in names)]})
        yield Sent(f"{resource} of {listed}", GATEWAY_API, resource, listeners)


def annotated(annotations: Mapping[str, str], names: Sequence[str]) -> Iterator[Sent]:
    """Everything that controllers read annotations of."""
    what = ", ".join(annotations)
    yield Sent(f"{what} of an Ingress", NETWORKING, "ingresses", ingress(*names[:1], annotations=annotations))
    yield Sent(f"{what} of a Service", "", "services", _object({"type": "ClusterIP"}, annotations))
    for resource in ROUTES:
        yield Sent(f"{what} of {resource}", GATEWAY_API, resource, _object({"hostnames": names[:1]}, annotations))
    for resource in ("gateways", "listenersets", "tcproutes", "udproutes"):
        yield Sent(f"{what} of {resource}", GATEWAY_API, resource, _object({}, annotations))


def _others_names(world: World, team: ApplicationTeam) -> Iterator[str]:
    hosts = [host for each in world.blueprint.teams for host in each.hosts]
    hosts += [host for addon in world.blueprint.addons for host in addon.hosts()]
    for host in (*hosts, "www.example.org", "*.org"):
        parent = host.removeprefix("*.")
        yield from (host, parent, f"www.{parent}", f"*.{parent}", f"x{parent}", f"{parent}.example.org")
        yield f"_acme-challenge.{parent}"
    yield from (host.replace(".", "x", 1) for host in team.hosts if not host.startswith("*"))


def foreign_exposure(world: World, name: str) -> Iterator[Sent]:
    """What a team's namespaces refuse: each name and annotation by an Ingress, and some by all other ways."""
    team = world.teams[name]
    own = [host.replace("*", "www", 1) for host in team.hosts]
    foreign = [each for each in dict.fromkeys(_others_names(world, team)) if not is_own(team, each)]
    yield from (Sent(f"an Ingress for {each}", NETWORKING, "ingresses", ingress(each)) for each in foreign)
    for names in ([foreign[0]], [*own[:1], foreign[0]]):
        for sent in under(names, own):
            yield from sent.both()
    for annotation in DANGEROUS.items() if own else ():
        yield next(annotated(dict([annotation]), own))
    lacking = [f"{ALB}scheme"] if set(SCHEMES) - set(schemes(team)) else []
    values = {**DANGEROUS, **{f"{ALB}scheme": scheme for scheme in SCHEMES if scheme not in schemes(team)}}
    for key in (*EVERYWHERE, *lacking) if own else ():
        for sent in annotated({key: values[key]}, own):
            yield from sent.both()
    if own:
        other = ingress(own[0], defaultBackend={"service": {}})
        yield Sent("a default backend", NETWORKING, "ingresses", other)
        annotations = {f"{DNS}hostname": own[0]}
        yield Sent("a headless Service", "", "services", _object({"clusterIP": "None"}, annotations))
        elsewhere = {"type": "ExternalName", "externalName": "evil.example.org"}
        yield Sent("a Service for a name elsewhere", "", "services", _object(elsewhere, annotations))
        handed = _object({"infrastructure": {"annotations": {f"{NLB}scheme": "internet-facing"}}})
        yield Sent("annotations handed on", GATEWAY_API, "gateways", handed)
    yield Sent("an Ingress for every host", NETWORKING, "ingresses", ingress(rules=[{"http": {}}]))
    for resource in ROUTES:
        yield Sent(f"{resource} for every host", GATEWAY_API, resource, _object({"rules": []}))


SCHEMES = {"internet-facing": FromLoadBalancer, "internal": FromInternalLoadBalancer}


def schemes(team: ApplicationTeam) -> list[str]:
    """Of load balancers that it lets in."""
    return [scheme for scheme, kind in SCHEMES.items() if any(isinstance(edge, kind) for edge in team.network)]


def own_exposure(world: World, name: str) -> Iterator[Sent]:
    """What a team's namespaces take."""
    team = world.teams[name]
    own = [host.replace("*", each, 1) for host in team.hosts for each in ("*", "www", "a.b")]
    if own:
        yield from under(own, own)
        yield from annotated(FREE, own)
        for scheme in schemes(team):
            yield from annotated({f"{ALB}scheme": scheme}, own)
        for issuer in team.issuers:
            yield from annotated({f"{CERTIFICATES}cluster-issuer": issuer}, own)
        if team.certificates:
            yield from annotated({f"{ALB}certificate-arn": ",".join(team.certificates)}, own)
    yield Sent("a Service", "", "services", _object({"clusterIP": "None"}))
    yield Sent("a name elsewhere", "", "services", _object({"type": "ExternalName", "externalName": "db.example.org"}))
    yield Sent("a Gateway", GATEWAY_API, "gateways", _object({"listeners": [{"port": 80}]}))


def admits(world: World, namespace: str, sent: Sent) -> bool:
    """Whether the namespace takes it."""
    return not any(refusals(world.admission, sent.request(namespace)))
