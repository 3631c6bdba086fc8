"""Grafanas, dashboards and sources of data as objects of the cluster. https://grafana.github.io/grafana-operator"""

from __future__ import annotations

from typing import Annotated

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import apart, resources, workload
from blueprint.fields import UNIQUE, DnsLabel


class GrafanaOperator(HelmAddon):
    """For Grafanas in the cluster, and for those elsewhere, such as a workspace of Amazon Managed Grafana: dashboards,
    folders, alerts and sources of data are objects of namespaces. Where it looks, it may read and write Secrets.
    A Grafana in the cluster comes from docker.io unless its `spec.version` has a whole image.
    """

    name = "grafana-operator"
    lost = "Grafanas go on as they are; no dashboard or source is written any more"
    namespace = "grafana-operator"
    pod_security = "restricted"
    api_groups = ("grafana.integreatly.org",)
    chart = locked_chart(name, notes="https://github.com/grafana/grafana-operator/releases/tag/v{version}")
    workloads = (
        workload(
            name,
            labels={"app.kubernetes.io/component": "operator"},
            service_account=name,
            ports=(8081, 8888, 9090),
        ),
    )
    images = (ImageSource("ghcr.io/grafana/grafana-operator", (), ("global.imageRegistry", "image.registry")),)

    namespaces: Annotated[tuple[DnsLabel, ...], UNIQUE] = ()
    """Where it looks for objects; everywhere when empty."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            # In its templates, so that a new version brings its definitions along.
            "crds": {"immutable": False},
            "replicas": 2,
            "watchNamespaces": ",".join(self.namespaces),
            "affinity": apart(name=self.name),
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "resources": resources("50m", "256Mi"),
        }
