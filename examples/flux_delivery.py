"""Charts and objects from Git, by Flux."""

from __future__ import annotations

from dataclasses import replace

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_secrets import ExternalSecrets
from addons.flux import Flux
from addons.flux.alerts import FluxAlert
from addons.karpenter import Karpenter
from blueprint import FluxDelivery
from blueprint.addons import HelmRelease
from blueprint.teams import GitWorkload, HelmWorkload
from examples.managed import MANAGED
from examples.shared import PAYMENTS, PLATFORM

FLUX_DELIVERY = replace(
    MANAGED,
    name="flux-delivery",
    addons=(
        *CORE,
        AwsLoadBalancerController(),
        CertManager(),
        ExternalSecrets(),
        Karpenter(),
        Flux(alerts=(FluxAlert("platform", "slack", credentials="slack", channel="platform"),)),
        HelmRelease(
            "podinfo",
            chart="podinfo",
            repository="oci://ghcr.io/stefanprodan/charts/podinfo",
            version="6.9.2",
            namespace="podinfo",
            values={"ui": {"message": "costs $5, or ${FREE}"}},
            after=("cert-manager",),
        ),
    ),
    teams=(
        PLATFORM,
        replace(
            PAYMENTS,
            workloads=(
                HelmWorkload(
                    "podinfo",
                    "podinfo",
                    "https://stefanprodan.github.io/podinfo",
                    "6.9.2",
                    namespace="payments-jobs",
                ),
                GitWorkload(
                    "ledger",
                    "ssh://git@github.com/example/ledger",
                    "deploy",
                    namespace="payments",
                    engine="flux",
                    credentials="ledger-git",
                ),
            ),
        ),
    ),
    delivery=FluxDelivery(
        repository="ssh://git@github.com/example/platform", folder="clusters", branch="main", credentials="platform-git"
    ),
)
