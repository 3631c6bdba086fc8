"""The certificate of its webhooks, which the chart makes: eks-charts, stable/aws-load-balancer-controller, 3.5.0.

It keeps the one that it finds in the cluster, where it is rendered by whoever sees that (templates/_helpers.tpl:97).
"""

from __future__ import annotations

from blueprint.addons import GeneratedFields

_BUNDLES = (".webhooks[]?.clientConfig.caBundle",)
GENERATED = (
    GeneratedFields("Secret", (".data",)),
    GeneratedFields("MutatingWebhookConfiguration", _BUNDLES, "admissionregistration.k8s.io"),
    GeneratedFields("ValidatingWebhookConfiguration", _BUNDLES, "admissionregistration.k8s.io"),
)
