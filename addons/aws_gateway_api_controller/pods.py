"""What the chart runs: helm/templates of v2.1.3."""

from __future__ import annotations

from blueprint.addons import GeneratedFields, ImageSource, Workload

ACCOUNT = "gateway-api-controller"
CHART = "aws-gateway-controller-chart"
_NAME = "aws-gateway-api-controller"
POD = Workload(
    f"{_NAME}-{CHART}",
    labels={"control-plane": ACCOUNT, "app.kubernetes.io/name": CHART, "app.kubernetes.io/instance": _NAME},
    service_account=ACCOUNT,
    ports=(8080, 8081, 9443),
    replicas_at=("deployment.replicas",),
    cpu_at=("resources.requests.cpu",),
    tolerations_at=("deployment.tolerations",),
    node_selector_at=("deployment.nodeSelector",),
)
IMAGE = ImageSource("public.ecr.aws/aws-application-networking-k8s/aws-gateway-controller", ("image.repository",))
# _helpers.tpl: a certificate of its own for each rendering.
GENERATED = (
    GeneratedFields("Secret", (".data",)),
    GeneratedFields(
        "MutatingWebhookConfiguration", (".webhooks[]?.clientConfig.caBundle",), "admissionregistration.k8s.io"
    ),
)
