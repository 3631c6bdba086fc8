"""What runs: secrets-store-csi-driver v1.6.0 and secrets-store-csi-driver-provider-aws 3.1.1, their charts' values."""

from __future__ import annotations

from blueprint.addons import ImageSource, Workload

DRIVER = Workload(
    "secrets-store-csi-driver",
    kind="DaemonSet",
    labels={"app": "secrets-store-csi-driver"},
    cpu="70m",
    ports=(8095, 9808),
    tolerations_at=("linux.tolerations",),
    node_selector_at=("linux.nodeSelector",),
    on_fargate=False,
)
DRIVER_IMAGES = (
    ImageSource("registry.k8s.io/csi-secrets-store/driver", ("linux.image.repository",)),
    ImageSource("registry.k8s.io/csi-secrets-store/driver-crds", ("linux.crds.image.repository",)),
    ImageSource("registry.k8s.io/sig-storage/csi-node-driver-registrar", ("linux.registrarImage.repository",)),
    ImageSource("registry.k8s.io/sig-storage/livenessprobe", ("linux.livenessProbeImage.repository",)),
)
PROVIDER = Workload(
    "secrets-store-csi-driver-provider-aws",
    kind="DaemonSet",
    labels={"app": "secrets-store-csi-driver-provider-aws"},
    cpu="50m",
    tolerations_at=("tolerations",),
    node_selector_at=("nodeSelector",),
    on_fargate=False,
)
PROVIDER_IMAGE = ImageSource(
    "public.ecr.aws/aws-secrets-manager/secrets-store-csi-driver-provider-aws", ("image.repository",)
)
