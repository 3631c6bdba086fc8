"""Rules of the platform's own about objects, in Rego and CEL. https://open-policy-agent.github.io/gatekeeper"""

from __future__ import annotations

from dataclasses import replace

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, workload

_GROUPS = ("config", "connection", "expansion", "externaldata", "mutations", "status", "syncset", "templates")


def _pods(part: str, under: str, *ports: int) -> Workload:
    return workload(
        f"gatekeeper-{part}",
        under=under,
        app="gatekeeper",
        instance="gatekeeper",
        service_account="gatekeeper-admin",
        cpu="100m",
        node_selector={"kubernetes.io/os": "linux"},
        ports=(*ports, 8888, 9090),
    )


class Gatekeeper(HelmAddon):
    """Judges objects when they are made, and those that are there each minute. It brings no rules: ConstraintTemplates
    and constraints are objects of yours, by KubernetesManifests with `after=("gatekeeper",)`. It reads everything.
    """

    name = "gatekeeper"
    lost = "no object is judged by your constraints any more; what they refused may be made"
    namespace = "gatekeeper-system"
    pod_security = "restricted"
    api_groups = tuple(f"{group}.gatekeeper.sh" for group in _GROUPS)
    chart = locked_chart(name, notes="https://github.com/open-policy-agent/gatekeeper/releases/tag/v{version}")
    workloads = (
        replace(_pods("controller-manager", "controllerManager", 8443), replicas_at=("replicas",)),
        replace(_pods("audit", "audit"), replicas_at=()),
    )
    images = (
        ImageSource("openpolicyagent/gatekeeper", ("image.repository",)),
        ImageSource("openpolicyagent/gatekeeper-crds", ("image.crdRepository",)),
        ImageSource("curlimages/curl", ("postInstall.probeWebhook.image.repository",)),
    )

    refuse_when_down: bool = False
    """Refuse what nobody could judge, where the webhook does not answer in time; the namespaces of Kubernetes and its
    own are let through."""
    mutate: bool = False
    """Take Assign and ModifySet, which change objects before they are judged."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "replicas": 2,
            "validatingWebhookFailurePolicy": "Fail" if self.refuse_when_down else "Ignore",
            "disableMutation": not self.mutate,
            "postInstall": {"labelNamespace": {"enabled": False}},
            "controllerManager": {
                "exemptNamespaces": ["kube-system", self.namespace],
                "topologySpreadConstraints": across_zones(name=self.name),
            },
        }
