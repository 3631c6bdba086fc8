"""Looks for known holes in the images that run, and for what objects allow too much.

https://aquasecurity.github.io/trivy-operator
"""

from __future__ import annotations

from typing import Annotated, Literal

from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import resources, workload
from blueprint.fields import NOT_EMPTY, UNIQUE, DnsLabel, between

Severity = Literal["LOW", "MEDIUM", "HIGH", "CRITICAL"]


_PULLS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


class TrivyOperator(CallsAws, HelmAddon):
    """What it finds stands beside what it is of, as VulnerabilityReport, ConfigAuditReport and the like, which whoever
    may `view` a namespace may read. It reads no Secret of a namespace: of images in registries with a password of
    their own it knows nothing; those of Amazon ECR in this account and region it may pull.
    """

    name = "trivy-operator"
    lost = "nothing is looked at any more; reports stay, and grow old"
    namespace = "trivy-system"
    pod_security = "restricted"
    service_account = "trivy-operator"
    works_without_permissions = True
    api_groups = ("aquasecurity.github.io",)
    chart = locked_chart(
        name,
        definitions_stay=True,
        notes="https://github.com/aquasecurity/trivy-operator/releases",
        compatibility="https://aquasecurity.github.io/trivy-operator/latest/getting-started/installation",
    )
    workloads = (workload(name, replicas="operator.replicas", service_account=name, ports=(8080, 9090)),)
    images = (
        ImageSource("mirror.gcr.io/aquasec/trivy-operator", (), ("global.image.registry", "image.registry")),
        ImageSource("mirror.gcr.io/aquasec/trivy", (), ("global.image.registry", "trivy.image.registry")),
    )

    severities: Annotated[tuple[Severity, ...], UNIQUE, NOT_EMPTY] = ("MEDIUM", "HIGH", "CRITICAL")
    """Of the holes that stand in reports."""
    only_fixed: bool = False
    """Leave out what nobody has mended yet."""
    not_in: Annotated[tuple[DnsLabel, ...], UNIQUE] = ("kube-system", "trivy-system")
    """Namespaces that it does not look into."""
    at_once: Annotated[int, between(1, 100, "jobs")] = 5
    """How many images it scans at a time, each in a pod."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("ecr.api", "ecr.dkr")

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """Of AmazonEC2ContainerRegistryPullOnly, what pulls; each scan is a pod with its service account."""
        images = facts.arn("ecr", "repository/*")
        return (
            Statement(("ecr:GetAuthorizationToken",), ("*",), reason="it takes no resource"),
            Statement(_PULLS, (images,), reason="it scans whatever runs"),
        )

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "excludeNamespaces": ",".join(self.not_in),
            "operator": {
                "scanJobsConcurrentLimit": self.at_once,
                "accessGlobalSecretsAndServiceAccount": False,
                # It would start privileged pods on nodes, which EKS configures itself.
                "infraAssessmentScannerEnabled": False,
                "clusterComplianceEnabled": False,
            },
            "trivy": {"severity": ",".join(self.severities), "ignoreUnfixed": self.only_fixed},
            "trivyOperator": {
                "scanJobPodTemplatePodSecurityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 65534,
                    "seccompProfile": {"type": "RuntimeDefault"},
                }
            },
            "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "resources": resources("100m", "512Mi"),
        }
