"""Values of the chart that are the same in every cluster."""

from __future__ import annotations

from blueprint.addons import Values
from blueprint.addons.pods import CRITICAL, resources

FIXED: Values = {
    # By this annotation an Ingress would join the load balancer of another; IngressClassParams make groups.
    "disableIngressGroupNameAnnotation": True,
    "replicaCount": 2,
    "podDisruptionBudget": {"maxUnavailable": 1},
    "priorityClassName": CRITICAL,
    "resources": resources("100m", "256Mi"),
    # With these two the pods keep to the restricted Pod Security Standard.
    "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
    "securityContext": {"capabilities": {"drop": ["ALL"]}},
    # This webhook judges every Service: while the controller is down, none could be made in the whole cluster.
    "enableServiceMutatorWebhook": False,
    "keepTLSSecret": True,  # otherwise each upgrade makes a new certificate for the webhooks
    "defaultTargetType": "ip",  # pods of the VPC CNI have addresses of the VPC
    "defaultSSLPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",  # the controller's own takes TLS 1.0
    "enableWaf": False,  # WAF Classic is retired
}
