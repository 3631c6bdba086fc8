"""What runs: Flux's controllers and the check before them. fluxcd-community/helm-charts flux2-2.18.3, templates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from blueprint.addons import ClusterFacts, ImageSource, Statement, Workload
from blueprint.addons.offers import BY_FLUX
from blueprint.contribution import Grant
from blueprint.references import role_arn
from blueprint.repositories import distinct

SOURCE = "source-controller"
"""The one that reads repositories, and its service account."""
REFLECTOR = "image-reflector-controller"
"""The one that asks registries, and its service account."""


class Controller(NamedTuple):
    """One of them."""

    part: str
    """What the chart's values call it."""
    app: str
    ports: tuple[int, ...]
    memory: str

    @property
    def workload(self) -> Workload:
        """Its pods."""
        return Workload(
            self.app,
            labels={"app": self.app},
            service_account=self.app,
            ports=self.ports,
            # charts/flux2/templates/source-controller.yaml:18: there is one.
            replicas_at=() if self.part == "sourceController" else (f"{self.part}.replicas",),
            cpu_at=(f"{self.part}.resources.requests.cpu",),
            tolerations_at=(f"{self.part}.tolerations",),
            node_selector_at=(f"{self.part}.nodeSelector",),
        )

    @property
    def image(self) -> ImageSource:
        """What it runs."""
        return ImageSource(f"ghcr.io/fluxcd/{self.app}", (f"{self.part}.image",))


ALWAYS = (
    Controller("helmController", "helm-controller", (8080, 9440), "512Mi"),
    Controller("kustomizeController", "kustomize-controller", (8080, 9440), "512Mi"),
    Controller("notificationController", "notification-controller", (8080, 9090, 9292, 9440), "128Mi"),
    Controller("sourceController", SOURCE, (8080, 9090, 9440), "512Mi"),
)
OF_IMAGES = (
    Controller("imageAutomationController", "image-automation-controller", (8080, 9440), "512Mi"),
    Controller("imageReflectionController", REFLECTOR, (8080, 9440), "256Mi"),
)
"""They look for newer images, and write them into Git."""
CHECK = Workload(
    "flux-flux-check",
    kind="Job",
    labels={"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/instance": BY_FLUX.namespace},
    service_account="flux-flux-check",
    cpu_at=("cli.resources.requests.cpu",),
    tolerations_at=("cli.tolerations",),
    node_selector_at=("cli.nodeSelector",),
)
CLI = ImageSource("ghcr.io/fluxcd/flux-cli", ("cli.image",))


def image_statements(facts: ClusterFacts) -> tuple[Statement, ...]:
    """Of AmazonEC2ContainerRegistryReadOnly, what lists tags and tells the digest of one."""
    reads = ("ecr:BatchGetImage", "ecr:ListImages")
    return (
        Statement(("ecr:GetAuthorizationToken",), ("*",), reason="it takes no resource"),
        Statement(reads, (facts.arn("ecr", "repository/*"),), reason="ImageRepositories may name any of them"),
    )


def source_grants(facts: ClusterFacts, pods: Sequence[Workload], more: Sequence[Statement]) -> tuple[Grant, ...]:
    """What reads for Flux what the cluster's delivery has in AWS, what private repositories need, and nothing else."""
    statements = distinct((*facts.delivered_by, *more))
    if not statements:
        return ()
    irsa = facts.irsa(BY_FLUX.namespace, SOURCE, pods)
    return (Grant(BY_FLUX.namespace, SOURCE, statements, irsa=irsa),)


def source_values(facts: ClusterFacts, pods: Sequence[Workload], more: Sequence[Statement]) -> dict[str, Any]:
    """By which its service account has that role, where pods on Fargate need it said."""
    for each in source_grants(facts, pods, more):
        if each.irsa:
            return {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": role_arn(each.name)}}}
    return {}
