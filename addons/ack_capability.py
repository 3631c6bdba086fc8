"""AWS Controllers for Kubernetes. https://docs.aws.amazon.com/eks/latest/userguide/ack.html"""

from __future__ import annotations

from typing import Annotated

from blueprint.access import AccessPolicy
from blueprint.addons import EksCapability
from blueprint.contribution import Values
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel, matches

# Definition Ack of the schema of AWS::EKS::Capability
Service = Annotated[str, matches(r"[a-z][a-z0-9]{0,62}", "must be a service as ACK calls it", 'write for example "s3"')]


class AckCapability(EksCapability):
    """Objects in the cluster that stand for resources of AWS, made by AWS's own controllers.

    Whoever may write such an object gets what its role may do. Keep `permissions` to that; for accounts and teams apart
    ACK has objects of its own: https://docs.aws.amazon.com/eks/latest/userguide/ack-permissions.html
    """

    name = "ack-capability"
    kind = "ACK"
    api_groups = ("services.k8s.aws",)  # what its services have in common: each has a group of its own below
    lost = "resources of AWS that its objects stand for stay as they are, and changes to the objects do nothing"

    disabled_services: tuple[Service, ...] = ()
    """Services without a controller, for example ("iam",)."""
    cross_namespace: bool | None = None
    """Whether an object may refer to one in another namespace; AWS's own default when None."""
    reads_secrets_in: tuple[DnsLabel, ...] = ()
    """Namespaces of Secrets with what objects need, such as a database's password."""

    def configuration(self, facts: ClusterFacts) -> Values:
        services = {"disabledServices": sorted(self.disabled_services)} if self.disabled_services else {}
        across = {} if self.cross_namespace is None else {"enableCrossNamespace": self.cross_namespace}
        return {"ack": {**services, **across}} if services or across else {}

    def access_policies(self) -> tuple[AccessPolicy, ...]:
        secrets = AccessPolicy("AmazonEKSSecretReaderPolicy", tuple(sorted(self.reads_secrets_in)))
        return (AccessPolicy("AmazonEKSACKPolicy"), *((secrets,) if self.reads_secrets_in else ()))
