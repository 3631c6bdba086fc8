"""Collectors of OpenTelemetry, built by AWS, as objects of the cluster. https://aws-otel.github.io/docs/getting-started/adot-eks-add-on"""

from __future__ import annotations

from addons.cert_manager import CertManager
from blueprint.addons import EksAddon, Workload
from blueprint.addons.lock import locked_versions


class Adot(EksAddon):
    """Its operator runs a collector for each OpenTelemetryCollector. The operator calls no AWS API; each collector does
    with the role of its own service account, which is the one that its object names. EKS shows no chart of it.
    """

    name = "adot"
    lost = "collectors go on as they are, and no change of their objects has an effect"
    versions = locked_versions(name)
    namespace = "opentelemetry-operator-system"
    requires = (CertManager,)
    api_groups = ("opentelemetry.io",)
    # Its webhook is called there: open-telemetry/opentelemetry-helm-charts charts/opentelemetry-operator/values.yaml
    workloads = (Workload("opentelemetry-operator", ports=(9443,)),)
