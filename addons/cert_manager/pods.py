"""What runs: cert-manager v1.21.1, deploy/charts/cert-manager/values.yaml."""

from __future__ import annotations

from typing import Any

from blueprint.addons import ImageSource, Workload
from blueprint.addons.pods import workload


def _beside(name: str, **more: Any) -> Workload:
    return workload(
        f"cert-manager-{name}",
        under=name,
        app=name,
        instance="cert-manager",
        labels={"app.kubernetes.io/component": name},
        **{"replicas": "replicaCount", **more},
    )


WORKLOADS = (
    workload(
        "cert-manager",
        service_account="cert-manager",
        replicas="replicaCount",
        labels={"app.kubernetes.io/component": "controller"},
        ports=(9402, 9403),
    ),
    _beside("webhook", ports=(6080, 9402), ports_at=("webhook.securePort",)),
    _beside("cainjector", ports=(9402,)),
    _beside("startupapicheck", replicas="", kind="Job"),
)
IMAGES = tuple(
    ImageSource(f"quay.io/jetstack/cert-manager-{image}", (f"{at}image.repository",), ("imageRegistry",))
    for image, at in (
        ("controller", ""),
        ("webhook", "webhook."),
        ("cainjector", "cainjector."),
        ("acmesolver", "acmesolver."),
        ("startupapicheck", "startupapicheck."),
    )
)
