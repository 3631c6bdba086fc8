"""Writes newer images into Applications of Argo CD. https://argocd-image-updater.readthedocs.io"""

from __future__ import annotations

from typing import Any

from addons.argo_cd import ArgoCd
from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import resources, workload
from blueprint.regions import dns_suffix

_SCRIPT = "ecr.sh"
_READS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:ListImages")


class ArgoCdImageUpdater(CallsAws, HelmAddon):
    """For ImageUpdaters, which are yours to write, by KubernetesManifests with `after=("argocd-image-updater",)`. It
    reads Secrets of its own namespace alone: keys of Git and of registries stand there, as
    `secret:argocd-image-updater/git`.
    """

    name = "argocd-image-updater"
    lost = "no newer image is written any more; Applications stay as they are"
    namespace = "argocd-image-updater"
    pod_security = "restricted"
    service_account = "argocd-image-updater"
    works_without_permissions = True
    api_groups = ("argocd-image-updater.argoproj.io",)
    requires = (ArgoCd,)
    chart = locked_chart(
        name, notes="https://github.com/argoproj/argo-helm/releases/tag/argocd-image-updater-{version}"
    )
    workloads = (
        workload(
            "argocd-image-updater-controller",
            app=name,
            instance=name,
            replicas="replicaCount",
            service_account=service_account,
            ports=(8081, 8082),
        ),
    )
    environment = ("extraEnv",)
    images = (ImageSource("quay.io/argoprojlabs/argocd-image-updater", ("image.repository",)),)

    ecr: bool = True
    """Look for images in Amazon ECR, in repositories of this account and region."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("ecr.api", "ecr.dkr") if self.ecr else ()

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """Of AmazonEC2ContainerRegistryReadOnly, what lists and reads images."""
        if not self.ecr:
            return ()
        images = facts.arn("ecr", "repository/*")
        return (
            Statement(("ecr:GetAuthorizationToken",), ("*",), reason="it takes no resource"),
            Statement(_READS, (images,), reason="Applications may run any of them"),
        )

    def values(self, facts: ClusterFacts) -> Values:
        return {"resources": resources("50m", "256Mi"), **(self._ecr(facts) if self.ecr else {})}

    def _ecr(self, facts: ClusterFacts) -> Values:
        """By its own command line of AWS, anew before a password's 12 hours are over."""
        host = f"{facts.account}.dkr.ecr.{facts.region}.{dns_suffix(facts.region)}"
        script = f"#!/bin/sh\naws ecr --region {facts.region} get-authorization-token"
        script += " --output text --query 'authorizationData[].authorizationToken' | base64 -d\n"
        registry: dict[str, Any] = {
            "name": "ECR",
            "prefix": host,
            "api_url": f"https://{host}",
            "credentials": f"ext:/scripts/{_SCRIPT}",
            "credsexpire": "10h",
        }
        return {
            "authScripts": {"enabled": True, "scripts": {_SCRIPT: script}},
            "config": {"registries": [registry]},
        }
