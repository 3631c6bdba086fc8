"""Rules of the platform's own about objects, in Rego and CEL. https://open-policy-agent.github.io/gatekeeper"""

from __future__ import annotations

from dataclasses import replace

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, workload

_GROUPS = ("config", "connection", "expansion", "externaldata", "mutations", "status", "syncset", "templates")

_NOT_JUDGED = {"kubernetes.io/metadata.name": ["kube-system"]}


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
    """Refuse what nobody could judge, where the webhook does not answer in time, but in kube-system and its own
    namespace. Write it in a deploy after the first: while it starts, it answers nobody."""
    mutate: bool = False
    """Take Assign and ModifySet, which change objects before they are judged."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "replicas": 2,
            "validatingWebhookFailurePolicy": "Fail" if self.refuse_when_down else "Ignore",
            "disableMutation": not self.mutate,
            "postInstall": {"labelNamespace": {"enabled": False}},
            # Of its own namespace the chart does so itself.
            "validatingWebhookExemptNamespacesLabels": _NOT_JUDGED,
            **({"mutatingWebhookExemptNamespacesLabels": _NOT_JUDGED} if self.mutate else {}),
            # While it starts, with whatever is deployed beside it, namespaces could not be made.
            "validatingWebhookCheckIgnoreFailurePolicy": "Ignore",
            "controllerManager": {"topologySpreadConstraints": across_zones(name=self.name)},
        }
