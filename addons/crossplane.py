"""Resources of clouds, and kinds of one's own made of them, as objects of the cluster. https://docs.crossplane.io"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, across_zones, workload
from blueprint.fields import UNIQUE, matches

Package = Annotated[
    str,
    matches(
        r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)+(:v?\d[\w.+-]*|@sha256:[0-9a-f]{64})",
        "must be an address with its registry and a version",
        'write for example "xpkg.crossplane.io/crossplane-contrib/provider-aws-s3:v2.1.0"',
    ),
]
_SAFE = {**HARDENED, "readOnlyRootFilesystem": True, "runAsNonRoot": True}
_POD = {"seccompProfile": {"type": "RuntimeDefault"}}


def _pods(name: str, under: str, resources: str, **more: Any) -> Workload:
    own = workload(name, under=under, app="crossplane", instance="crossplane", cpu="100m", **more)
    return replace(own, cpu_at=(f"{resources}.requests.cpu",))


class Crossplane(HelmAddon):
    """For packages that bring kinds of objects: providers, functions and configurations. It runs as a pod each, in its
    own namespace, and may give rights to all of them. AWS permissions of a provider belong to its own service account:
    an association of EKS Pod Identity of yours, to the account that its DeploymentRuntimeConfig names.
    """

    name = "crossplane"
    lost = "resources that it made stay in the cloud as they are, and nobody keeps them"
    namespace = "crossplane-system"
    pod_security = "restricted"
    api_groups = ("apiextensions.crossplane.io", "ops.crossplane.io", "pkg.crossplane.io", "protection.crossplane.io")
    chart = locked_chart(name, notes="https://github.com/crossplane/crossplane/releases/tag/v{version}")
    workloads = (
        _pods("crossplane", "", "resourcesCrossplane", service_account="crossplane", ports=(8081, 9443)),
        _pods("crossplane-rbac-manager", "rbacManager", "resourcesRBACManager", service_account="rbac-manager"),
    )
    images = (ImageSource("xpkg.crossplane.io/crossplane/crossplane", ("image.repository",)),)

    providers: Annotated[tuple[Package, ...], UNIQUE] = ()
    """Packages of providers that it installs when it starts."""
    functions: Annotated[tuple[Package, ...], UNIQUE] = ()
    """Packages of functions, of which compositions consist."""
    configurations: Annotated[tuple[Package, ...], UNIQUE] = ()
    """Packages of kinds of your own."""

    def values(self, facts: ClusterFacts) -> Values:
        spread = across_zones(name=self.name)
        return {
            "replicas": 2,
            "topologySpreadConstraints": spread,
            "rbacManager": {
                "replicas": 2,
                "topologySpreadConstraints": spread,
                # Otherwise a group, crossplane:masters, has Secrets and bindings of all namespaces.
                "skipAggregatedClusterRoles": True,
            },
            **{
                which: {"packages": list(packages)}
                for which, packages in (
                    ("provider", self.providers),
                    ("function", self.functions),
                    ("configuration", self.configurations),
                )
                if packages
            },
            **{f"securityContext{part}": _SAFE for part in ("Crossplane", "RBACManager")},
            **{f"podSecurityContext{part}": _POD for part in ("Crossplane", "RBACManager")},
        }
