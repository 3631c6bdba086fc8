"""Certificates of AWS Private CA, for cert-manager. https://github.com/cert-manager/aws-privateca-issuer"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from addons.cert_manager import CertManager
from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, workload
from blueprint.encryption import key_of
from blueprint.fields import NOT_EMPTY, DnsLabel, matches
from blueprint.kubernetes import Manifest
from blueprint.references import PARTITION

AuthorityArn = Annotated[
    str,
    matches(
        r"arn:aws[a-z-]*:acm-pca:[a-z0-9-]+:\d{12}:certificate-authority/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be the ARN of a certificate authority of AWS Private CA",
        'write for example "arn:aws:acm-pca:us-west-2:111111111111:certificate-authority/0a1b2c3d-…"',
    ),
]
_ID = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
_ENDS = ("BlankEndEntityCertificate_APICSRPassthrough", "EndEntity*Certificate")
"""Templates of what is no authority itself: pkg/aws/pca.go:288-319 of v1.9.1."""


class AwsPrivateCaIssuer(CallsAws, HelmAddon):
    """A cluster issuer for each authority, of certificates that are no authorities themselves. Whoever may make a
    Certificate in the cluster may name any of them.
    """

    name = "aws-privateca-issuer"
    lost = "no certificate of AWS Private CA is issued or renewed; those that exist run out"
    namespace = "aws-privateca-issuer"
    service_account = "aws-privateca-issuer"
    pod_security = "restricted"
    api_groups = ("awspca.cert-manager.io",)
    requires = (CertManager,)
    chart = locked_chart(
        name,
        definitions_stay=True,
        notes="https://github.com/cert-manager/aws-privateca-issuer/releases/tag/v{version}",
    )
    workloads = (workload(name, service_account=name, replicas="replicaCount", ports=(8080, 8081), cpu="50m"),)
    images = (ImageSource("public.ecr.aws/k1n1h4h4/cert-manager-aws-privateca-issuer", ("image.repository",)),)
    typical = {"issuers": {"private": f"arn:aws:acm-pca:us-west-2:{'1' * 12}:certificate-authority/{_ID}"}}

    issuers: Annotated[Mapping[DnsLabel, AuthorityArn], NOT_EMPTY]
    """Authorities by the names of their AWSPCAClusterIssuers; of any account that shares them with this one by RAM."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("acm-pca",)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        authorities = tuple(dict.fromkeys(key_of(arn) for arn in self.issuers.values()))
        templates = tuple(f"arn:{PARTITION}:acm-pca:::template/{name}/V1" for name in _ENDS)
        return (
            Statement(("acm-pca:DescribeCertificateAuthority", "acm-pca:GetCertificate"), authorities),
            Statement(("acm-pca:IssueCertificate",), authorities, {"ArnLike": {"acm-pca:TemplateArn": templates}}),
        )

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return tuple(
            {
                "apiVersion": "awspca.cert-manager.io/v1beta1",
                "kind": "AWSPCAClusterIssuer",
                "metadata": {"name": name},
                "spec": {"arn": key_of(arn), "region": arn.split(":")[3]},
            }
            for name, arn in self.issuers.items()
        )

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "replicaCount": 2,
            "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "securityContext": HARDENED,
        }
