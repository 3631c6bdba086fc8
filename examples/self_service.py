"""A platform whose teams help themselves: workflows and events, jobs of data and of models, kinds of objects of the
platform's own, resources of AWS, metrics and dashboards; newer images by Argo CD, names outside and
inside, backups of it all.
"""

from __future__ import annotations

from dataclasses import replace

from addons import backup
from addons.argo_cd import ArgoCd
from addons.argo_cd_image_updater import ArgoCdImageUpdater
from addons.argo_events import ArgoEvents
from addons.argo_workflows import ArgoWorkflows
from addons.core import CORE
from addons.crossplane import Crossplane
from addons.external_dns import ExternalDns
from addons.gpu_operator import GpuOperator
from addons.grafana_operator import GrafanaOperator
from addons.istio import Istio
from addons.kro import Kro
from addons.kube_prometheus_stack import KubePrometheusStack
from addons.kuberay_operator import KubeRayOperator
from addons.spark_operator import SparkOperator
from blueprint import ManagedNodes, Taint
from blueprint.addons import ExistingVault, ExistingWorkspace, NewBucket
from examples.managed import MANAGED

SELF_SERVICE = replace(
    MANAGED,
    name="self-service",
    compute=(
        ManagedNodes("system", instance_types=("m7g.xlarge",), min=5, max=8),
        ManagedNodes(
            "models",
            instance_types=("g6.xlarge",),
            ami_type="AL2023_x86_64_NVIDIA",
            taints=(Taint("nvidia.com/gpu"),),
        ),
    ),
    addons=(
        *CORE,
        *backup.aws(ExistingVault("backups")),
        ArgoCd(domain="cd.example.com"),
        ArgoCdImageUpdater(),
        ArgoWorkflows(artifacts=NewBucket("artifacts-111111111111", versions_days=7), archive_logs=True),
        ArgoEvents(),
        KubeRayOperator(),
        GpuOperator(pods_per_gpu=4),
        SparkOperator(),
        Kro(),
        Istio(access_logs=True),
        Crossplane(providers=("xpkg.crossplane.io/crossplane-contrib/provider-aws-s3:v2.1.0",)),
        KubePrometheusStack(
            grafana=False,
            workspace=ExistingWorkspace(
                "ws-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f",
                rules={
                    "self-service-nodes": "examples/workloads/prometheus/rules.yaml",
                    "self-service-pods": "examples/workloads/prometheus/pods.yaml",
                },
            ),
        ),
        GrafanaOperator(),
        ExternalDns(zones=("Z0123456789",), domains=("platform.example.com",)),
        ExternalDns(
            name="external-dns-private",
            zones=("Z0123456789",),
            domains=("platform.example.com",),
            annotation_domain="private.example.com",
        ),
    ),
    teams=(),
)
