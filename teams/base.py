"""The kinds of teams. A file in `teams/` holds one team, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from blueprint.access import AccessEntry, AccessPolicy, Principal
from blueprint.contribution import Contribution
from blueprint.errors import Problem, duplicates
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, DnsLabel, Quantity, between
from blueprint.kubernetes import RESERVED_NAMESPACES, Manifest, Namespace, PodSecurity
from blueprint.team import Team
from blueprint.value import Value

Members = Annotated[tuple[Principal, ...], NOT_EMPTY]


class PlatformTeam(Team):
    """Runs the cluster: its members are cluster administrators."""

    members: Members

    def contribute(self, facts: ClusterFacts) -> Contribution:
        policies = (AccessPolicy("AmazonEKSClusterAdminPolicy"),)
        arns = (member.arn(facts.account) for member in self.members)
        return Contribution(access=tuple(AccessEntry(arn, policies=policies) for arn in arns))


class Quota(Value):
    """What all pods of a namespace may claim together. https://kubernetes.io/docs/concepts/policy/resource-quotas"""

    cpu: Quantity = "8"
    memory: Quantity = "16Gi"
    storage: Quantity = "100Gi"
    pods: Annotated[int, between(1, 5000, "pods")] = 50

    def manifest(self, namespace: str) -> Manifest:
        """No NodePort or LoadBalancer Services: traffic enters by an Ingress, where the platform can see it."""
        hard = {
            "limits.memory": self.memory,
            "pods": str(self.pods),
            "requests.cpu": self.cpu,
            "requests.memory": self.memory,
            "requests.storage": self.storage,
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
        return _named("v1", "ResourceQuota", "team", namespace, spec={"hard": hard})


class ContainerDefaults(Value):
    """What a container gets that does not say. https://kubernetes.io/docs/concepts/policy/limit-range

    There is no CPU limit: it would throttle a container while the node idles.
    """

    cpu_request: Quantity = "100m"
    memory_request: Quantity = "128Mi"
    memory_limit: Quantity = "256Mi"

    def manifest(self, namespace: str) -> Manifest:
        """As a LimitRange."""
        limits = {
            "type": "Container",
            "default": {"memory": self.memory_limit},
            "defaultRequest": {"cpu": self.cpu_request, "memory": self.memory_request},
        }
        return _named("v1", "LimitRange", "team", namespace, spec={"limits": [limits]})


class ApplicationTeam(Team):
    """Runs workloads in its own namespaces, and cannot reach or change anything outside of them.

    Members act through the Kubernetes group `team:<name>`; EKS access policies are not used, since even
    AmazonEKSEditPolicy could remove the team's own guard rails.
    """

    members: Members
    namespaces: tuple[DnsLabel, ...] = ()
    """One namespace with the team's name when empty."""
    quota: Quota = Quota()
    """For each of the namespaces."""
    container_defaults: ContainerDefaults = ContainerDefaults()
    pod_security: PodSecurity = "restricted"

    @property
    def group(self) -> str:
        """The Kubernetes group of the members."""
        return f"team:{self.name}"

    @property
    def namespace_names(self) -> tuple[str, ...]:
        return self.namespaces or (self.name,)

    def problems(self) -> Iterator[Problem]:
        if self.pod_security == "privileged":
            rule = "privileged pods can take over their node, and with it other teams' pods"
            yield Problem("pod_security", self.pod_security, rule, 'write pod_security="baseline" or "restricted"')
        places = ((f"namespaces[{index}]", name) for index, name in enumerate(self.namespaces))
        yield from duplicates(places, "a namespace stands once", "remove the repeated one")
        if not self.namespaces and self.name in RESERVED_NAMESPACES:
            fix = "choose another name, or name the namespaces"
            yield Problem("name", self.name, "the namespace of this name belongs to Kubernetes", fix)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        labels = (("blueprint/team", self.name),)
        return Contribution(
            access=tuple(AccessEntry(member.arn(facts.account), groups=(self.group,)) for member in self.members),
            namespaces=tuple(Namespace(name, self.pod_security, labels) for name in self.namespace_names),
            objects=tuple(manifest for name in self.namespace_names for manifest in self._objects(name, facts)),
        )

    def _objects(self, namespace: str, facts: ClusterFacts) -> Iterator[Manifest]:
        yield self.quota.manifest(namespace)
        yield self.container_defaults.manifest(namespace)
        yield from _network_policies(namespace, facts)
        # Pods that do not name a service account get no Kubernetes credentials.
        yield _named("v1", "ServiceAccount", "default", namespace, automountServiceAccountToken=False)
        yield _named("rbac.authorization.k8s.io/v1", "Role", "developer", namespace, rules=_DEVELOPER_RULES)
        yield _named(
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
            "developer",
            namespace,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "developer"},
            subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": self.group}],
        )


_READ = ["get", "list", "watch"]
_WRITE = [*_READ, "create", "update", "patch", "delete"]
# Not among them: Secrets, exec, impersonation, RBAC, quotas and network policies, which would open the namespace.
_DEVELOPER_RULES = [
    {"apiGroups": [""], "resources": ["pods", "services", "configmaps", "persistentvolumeclaims"], "verbs": _WRITE},
    {
        "apiGroups": [""],
        "resources": ["events", "pods/log", "resourcequotas", "limitranges", "serviceaccounts"],
        "verbs": _READ,
    },
    {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["create"]},
    {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": _WRITE},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": _READ},
    {"apiGroups": ["batch"], "resources": ["jobs", "cronjobs"], "verbs": _WRITE},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": _WRITE},
    {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _WRITE},
    {"apiGroups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": _WRITE},
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
]


def _network_policies(namespace: str, facts: ClusterFacts) -> Iterator[Manifest]:
    """Nothing in or out but the namespace's own pods and DNS lookups.

    https://kubernetes.io/docs/concepts/services-networking/network-policies
    """
    both = ["Ingress", "Egress"]
    dns: dict[str, Any] = {"ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]}
    if not facts.auto_mode:  # Auto Mode answers on each node, outside of any pod that a policy could name
        dns["to"] = [
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
            }
        ]
    own: list[Manifest] = [{"podSelector": {}}]
    policies: dict[str, Manifest] = {
        "default-deny": {"policyTypes": both},
        "same-namespace": {"policyTypes": both, "ingress": [{"from": own}], "egress": [{"to": own}]},
        "dns": {"policyTypes": ["Egress"], "egress": [dns]},
    }
    for name, spec in policies.items():
        yield _named("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec={"podSelector": {}, **spec})


def _named(version: str, kind: str, name: str, namespace: str, **rest: Any) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}
