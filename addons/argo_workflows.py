"""Runs steps of work, each in a pod of its own, and shows how they went. https://argo-workflows.readthedocs.io"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from blueprint.addons import CallsAws, ClusterFacts, Contribution, HelmAddon, ImageSource, Statement, Values, Workload
from blueprint.addons.buckets import OwnBucket
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload
from blueprint.errors import Problem
from blueprint.fields import between
from blueprint.regions import dns_suffix

_SAFE = {"seccompProfile": {"type": "RuntimeDefault"}}


def _pods(part: str, under: str, *ports: int) -> Workload:
    own = f"argo-workflows-{part}"
    labels = {"app.kubernetes.io/component": part}
    return workload(
        own,
        under=under,
        instance="argo-workflows",
        labels=labels,
        service_account=own,
        node_selector={"kubernetes.io/os": "linux"},
        ports=ports,
    )


class ArgoWorkflows(CallsAws, HelmAddon):
    """For Workflows of all namespaces. Whoever may `edit` a namespace may run them there; the service account that they
    run as needs `create` and `patch` of `workflowtaskresults`. People sign in to the page with a token of Kubernetes,
    and see what that may see. It may read each Secret by its name, which steps refer to.
    """

    name = "argo-workflows"
    lost = "no step starts any more and none is ended; pods that run go on, and Workflows stay as they are"
    namespace = "argo"
    pod_security = "restricted"
    service_account = "argo-workflows-server"
    service_account_annotations = ("server", "serviceAccount", "annotations")
    api_groups = ("argoproj.io",)
    chart = locked_chart(name, notes="https://github.com/argoproj/argo-helm/releases/tag/argo-workflows-{version}")
    workloads = (_pods("workflow-controller", "controller", 6060, 9090), _pods("server", "server", 2746))
    environment = ("server", "extraEnv")
    images = tuple(
        ImageSource(f"quay.io/argoproj/{image}", (), (f"{part}.image.registry",))
        for part, image in (("controller", "workflow-controller"), ("server", "argocli"), ("executor", "argoexec"))
    )

    artifacts: OwnBucket | None = None
    """Where steps keep what they make, with permissions of their own service accounts; the page shows it."""
    archive_logs: bool = False
    """Keep what steps write to their output there too."""
    at_once: Annotated[int, between(1, 100_000, "Workflows")] | None = None
    """How many run at a time, the others wait; as many as there are when None."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.archive_logs and not self.artifacts:
            yield Problem(("archive_logs",), True, "lines are kept where artifacts are", "name a bucket: artifacts")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        if self.artifacts:
            yield from (problem.below(("artifacts",)) for problem in self.artifacts.problems_on(facts))

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("s3",) if self.artifacts else ()

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """https://argo-workflows.readthedocs.io/en/latest/configure-artifact-repository/#aws-s3-irsa, what reads."""
        return self.artifacts.allows(facts, "s3:GetObject") if self.artifacts else ()

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return replace(super().contribute(facts), resources=self.artifacts.made if self.artifacts else ())

    def values(self, facts: ClusterFacts) -> Values:
        part: dict[str, Any] = {
            "replicas": 2,
            "pdb": {"enabled": True, "maxUnavailable": 1},
            "podSecurityContext": _SAFE,
        }
        return {
            # The whole ones are downloaded from GitHub by a Job.
            "crds": {"full": False},
            # By default it gives rights to the service account `default` of the namespace `default`.
            "workflow": {"rbac": {"create": False}},
            "controller": {
                **part,
                "topologySpreadConstraints": across_zones(name="argo-workflows-workflow-controller"),
                "metricsConfig": {"enabled": True},
                "resources": resources("100m", "512Mi"),
                **({"parallelism": self.at_once} if self.at_once else {}),
            },
            "server": {
                **part,
                "topologySpreadConstraints": across_zones(name="argo-workflows-server"),
                "resources": resources("50m", "256Mi"),
            },
            **(self._repository(self.artifacts.name, facts) if self.artifacts else {}),
        }

    def _repository(self, bucket: str, facts: ClusterFacts) -> Values:
        host = f"s3.{facts.region}.{dns_suffix(facts.region)}"
        s3 = {"bucket": bucket, "region": facts.region, "endpoint": host, "useSDKCreds": True}
        return {"useStaticCredentials": False, "artifactRepository": {"archiveLogs": self.archive_logs, "s3": s3}}
