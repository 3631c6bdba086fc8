"""No Classic Load Balancer by mistake.

The controller takes a Service of type LoadBalancer by its class, or by annotations of old; every other one goes to the
cloud provider that EKS runs, which makes a Classic Load Balancer of it, unencrypted, untagged and out of this
controller's sight. https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.kubernetes import Manifest

_API = "admissionregistration.k8s.io/v1"
_NAME = "load-balancer-class"
_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer"


def _annotated(suffix: str, *values: str) -> str:
    key = f"'{_ANNOTATION}-{suffix}'"
    given = f"object.metadata.annotations[{key}]"
    return f"({key} in object.metadata.annotations && {given} in [{', '.join(map(repr, values))}])"


_OTHER = "object.spec.type != 'LoadBalancer'"
_BEFORE = "(oldObject != null && oldObject.spec.type == 'LoadBalancer')"
_CLASS = "(has(object.spec.loadBalancerClass) && object.spec.loadBalancerClass != '')"
# What the controller takes without one: pkg/service/service_utils.go of v3.5.0 (checkAWSLoadBalancerTypeAnnotation).
_EXTERNAL = f"({_annotated('type', 'external')} && {_annotated('nlb-target-type', 'ip', 'instance')})"
_ANNOTATED = f"(has(object.metadata.annotations) && ({_annotated('type', 'nlb-ip')} || {_EXTERNAL}))"


def policies(service_class: object = None) -> Iterator[Manifest]:
    """Refuses them in every namespace; what is a load balancer already may be changed and deleted. `service_class` is
    the controller's, where values say another one.
    """
    own = service_class or "service.k8s.aws/nlb"
    made = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["services"]}
    yield {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": _NAME},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [made]},
            "validations": [
                {
                    "expression": f"{_OTHER} || {_BEFORE} || {_CLASS} || {_ANNOTATED}",
                    "message": "without a class it would become a Classic Load Balancer; write "
                    f"spec.loadBalancerClass: {own} for a Network Load Balancer, or use an Ingress",
                }
            ],
        },
    }
    yield {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": _NAME},
        "spec": {"policyName": _NAME, "validationActions": ["Deny"]},
    }
