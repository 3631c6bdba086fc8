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
from blueprint.repositories import PrivateRepository, SshKey
from blueprint.teams import GitWorkload, HelmWorkload, SecretsManagerSecret
from examples.managed import MANAGED
from examples.shared import PAYMENTS, PLATFORM

_DEPLOY_KEY = SecretsManagerSecret("flux/deploy-key")
_GITHUB = ("github.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl",)
"""https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/githubs-ssh-key-fingerprints"""

FLUX_DELIVERY = replace(
    MANAGED,
    name="flux-delivery",
    addons=(
        *CORE,
        AwsLoadBalancerController(),
        CertManager(),
        ExternalSecrets(),
        Karpenter(),
        Flux(
            alerts=(FluxAlert("platform", "slack", credentials="slack", channel="platform"),),
            private_repositories=(
                PrivateRepository("ssh://git@github.com/example/platform", SshKey(_DEPLOY_KEY, known_hosts=_GITHUB)),
            ),
        ),
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
                    values={"environment": "dev"},
                ),
            ),
        ),
    ),
    delivery=FluxDelivery(repository="ssh://git@github.com/example/platform", folder="clusters", branch="main"),
)
