"""A platform of open source: metrics, logs, traces and costs, releases in steps, backups, rules, GPUs by claims, and
Flux in the place of Argo CD.
"""

from __future__ import annotations

from dataclasses import replace

from addons.argo_rollouts import ArgoRollouts
from addons.aws_for_fluent_bit import AwsForFluentBit
from addons.aws_privateca_issuer import AwsPrivateCaIssuer
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.descheduler import Descheduler
from addons.flux import Flux
from addons.flux.git_source import GitSource
from addons.gatekeeper import Gatekeeper
from addons.kube_prometheus_stack import KubePrometheusStack
from addons.kueue import Kueue
from addons.loki import Loki
from addons.nvidia_dra_driver import NvidiaDraDriver
from addons.open_cost import OpenCost
from addons.open_telemetry_operator import OpenTelemetryOperator
from addons.snapshot_controller import SnapshotController
from addons.tempo import Tempo
from addons.velero import Velero
from blueprint import ManagedNodes
from blueprint.addons import ExistingBucket, NewBucket, NewWorkspace
from examples.managed import MANAGED

KEY = "0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
BUCKET_KEY = f"arn:aws:kms:us-west-2:111111111111:key/{KEY}"
AUTHORITY = f"arn:aws:acm-pca:us-west-2:111111111111:certificate-authority/{KEY}"

OPEN_SOURCE = replace(
    MANAGED,
    name="open-source",
    compute=(
        ManagedNodes("system", instance_types=("m7g.xlarge",)),
        ManagedNodes(
            "gpu",
            instance_types=("g5.xlarge",),
            ami_type="AL2023_x86_64_NVIDIA",
            labels={"nvidia.com/gpu.present": "true"},
        ),
    ),
    addons=(
        *CORE,
        SnapshotController(),
        Velero(
            bucket=ExistingBucket("backups-111111111111", kms_key_arn=BUCKET_KEY),
        ),
        AwsForFluentBit(),
        CertManager(),
        AwsPrivateCaIssuer(issuers={"private": AUTHORITY}),
        ArgoRollouts(verify_target_groups=True),
        Descheduler(),
        Gatekeeper(),
        NvidiaDraDriver(feature_gates=("TimeSlicingSettings",)),
        KubePrometheusStack(
            workspace=NewWorkspace(
                rules={
                    "nodes": "examples/workloads/prometheus/rules.yaml",
                    "pods": "examples/workloads/prometheus/pods.yaml",
                },
                alert_manager="examples/workloads/prometheus/alerts.yaml",
            )
        ),
        Loki(bucket=ExistingBucket("logs-111111111111", kms_key_arn=BUCKET_KEY)),
        Tempo(bucket=NewBucket("traces-111111111111", kms_key_arn=BUCKET_KEY)),
        OpenTelemetryOperator(),
        OpenCost(),
        Kueue(),
        Flux(bootstrap=GitSource("https://github.com/example/clusters", "open-source"), image_automation=True),
    ),
    teams=(),
)
