"""Neuron chips, with AWS's own chart for their device plugin."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from blueprint import ManagedNodes, Taint
from blueprint.addons import HelmRelease
from examples.managed import MANAGED
from examples.shared import PLATFORM

NEURON = replace(
    MANAGED,
    name="neuron",
    compute=(
        ManagedNodes("system", instance_types=("m7i.large",), min=3, max=4),
        ManagedNodes("inference", instance_types=("inf2.xlarge",), taints=(Taint("aws.amazon.com/neuron"),)),
    ),
    addons=(
        *CORE,
        HelmRelease(
            "neuron",
            chart="neuron-helm-chart",
            repository="oci://public.ecr.aws/neuron/neuron-helm-chart",
            version="1.10.0",
            namespace="neuron",
            pod_security="privileged",
            values={"npd": {"enabled": False}},
        ),
    ),
    teams=(PLATFORM,),
)
