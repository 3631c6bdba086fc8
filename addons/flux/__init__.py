"""Keeps the cluster in step with Git. https://fluxcd.io/flux/"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from addons.flux.alerts import FluxAlert
from addons.flux.controllers import (
    ALWAYS,
    CHECK,
    CLI,
    OF_IMAGES,
    REFLECTOR,
    Controller,
    image_statements,
    source_grants,
    source_values,
)
from addons.flux.git_source import NAME, GitSource
from addons.flux.repositories import problems as repository_problems
from addons.flux.repositories import template
from blueprint.addons import CallsAws, ClusterFacts, Contribution, HelmAddon, ImageSource, Statement, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.offers import BY_FLUX
from blueprint.addons.pods import resources
from blueprint.addons.private_repositories import ReadsRepositories
from blueprint.errors import Problem, duplicates
from blueprint.kubernetes import Manifest

_GROUPS = ("helm", "image", "kustomize", "notification", "source")


class Flux(ReadsRepositories, CallsAws, HelmAddon):
    """Flux's controllers of sources, Kustomizations, Helm releases and notifications, and if wanted of images.

    A Kustomization or HelmRelease that names no service account has the rights of `default` in its namespace, and none
    names what stands in another namespace. One without a value for a variable fails.
    """

    offers = (BY_FLUX,)
    name = BY_FLUX.addon
    lost = "nothing from Git is applied any more; what was stays, as nobody keeps it"
    namespace = BY_FLUX.namespace
    pod_security = "restricted"
    api_groups = tuple(f"{group}.toolkit.fluxcd.io" for group in _GROUPS)
    service_account = REFLECTOR
    service_account_annotations = ("imageReflectionController", "serviceAccount", "annotations")
    works_without_permissions = True
    chart = locked_chart(
        "flux2",
        notes="https://github.com/fluxcd-community/helm-charts/releases/tag/flux2-{version}",
        compatibility="https://fluxcd.io/flux/installation/#supported-kubernetes-versions",
    )
    workloads = (CHECK, *(each.workload for each in (*ALWAYS, *OF_IMAGES)))
    images = (CLI, *(each.image for each in (*ALWAYS, *OF_IMAGES)))
    typical = {"image_automation": True}  # with all pods that there may be
    by_role = frozenset({"ecr"})
    template = staticmethod(template)

    bootstrap: GitSource | None = None
    """What it keeps applied from the first deploy on, whatever it is; with delivery=FluxDelivery(…) leave it out."""
    alerts: tuple[FluxAlert, ...] = ()
    """Who hears of what it applies, and of what it cannot."""
    image_automation: bool = False
    """Whether it looks for newer images and writes them into Git, for ImageRepositories, ImagePolicies and
    ImageUpdateAutomations, which are yours to write. Images in Amazon ECR of this account and region it lists by a role
    of its own, for whoever writes an ImageRepository with `provider: aws`.
    https://fluxcd.io/flux/guides/image-update/"""

    @property
    def controllers(self) -> tuple[Controller, ...]:
        """Those of this one."""
        return (*ALWAYS, *(OF_IMAGES if self.image_automation else ()))

    @property
    def pods(self) -> tuple[Workload, ...]:
        return (CHECK, *(each.workload for each in self.controllers))

    @property
    def image_sources(self) -> tuple[ImageSource, ...]:
        return (CLI, *(each.image for each in self.controllers))

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        names = ((("alerts", index, "name"), each.name) for index, each in enumerate(self.alerts))
        yield from duplicates(names, "alert", "rename one")
        yield from repository_problems(self.private_repositories)
        if self.extra_permissions and not self.image_automation:
            rule = f"they are those of {REFLECTOR}, which is not there"
            yield Problem(("extra_permissions",), self.extra_permissions, rule, "write image_automation=True")

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        images = ("ecr.api", "ecr.dkr") if self.image_automation else ()
        return (*super().services(facts), *images, *facts.delivered_from)

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return image_statements(facts) if self.image_automation else ()

    def values(self, facts: ClusterFacts) -> Values:
        values: dict[str, Any] = {
            each.part: {"resources": resources("100m", each.memory)} if each in self.controllers else {"create": False}
            for each in (*ALWAYS, *OF_IMAGES)
        }
        values["sourceController"] |= source_values(facts, self.pods, self.own_statements(facts))
        strict = "--feature-gates=StrictPostBuildSubstitutions=true"
        values["kustomizeController"]["container"] = {"additionalArgs": [strict]}
        return {
            **values,
            "cli": {"resources": resources("20m", "128Mi")},
            "multitenancy": {"enabled": True},
            # Into Kubernetes' own edit and admin, which whoever has them in a namespace would then have here as well.
            "rbac": {"createAggregation": False},
        }

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        first = self.bootstrap.manifests(self.namespace, facts) if self.bootstrap else ()
        alerts = (one for each in self.alerts for one in each.manifests(self.namespace))
        return (*self.secrets(facts, self.namespace), *first, *alerts)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        made = super().contribute(facts)
        reads = source_grants(facts, self.pods, self.own_statements(facts))
        reads = (*reads, *self.reading_secrets(facts, self.namespace))
        return replace(made, grants=(*made.grants, *reads), from_git=(NAME,) if self.bootstrap else ())
