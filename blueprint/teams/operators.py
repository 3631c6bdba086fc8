"""What operators of a platform see of a cluster beyond its workloads, by Kubernetes RBAC.

EKS has no access policy that shows nodes, volumes, definitions or RBAC without Secrets: AmazonEKSViewPolicy has none of
them, AmazonEKSAdminViewPolicy has Secrets too.
https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.kubernetes import Manifest, cluster_role
from blueprint.teams.roles import READ, group, rule

# Everything of Kubernetes that AmazonEKSViewPolicy leaves out, but Secrets. No subresource: by `nodes/proxy` somebody
# who may only read opens shells in pods.
_KUBERNETES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ("nodes", "persistentvolumes")),
    (
        "admissionregistration.k8s.io",
        (
            *("mutatingadmissionpolicies", "mutatingadmissionpolicybindings", "mutatingwebhookconfigurations"),
            *("validatingadmissionpolicies", "validatingadmissionpolicybindings", "validatingwebhookconfigurations"),
        ),
    ),
    ("apiextensions.k8s.io", ("customresourcedefinitions",)),
    ("apiregistration.k8s.io", ("apiservices",)),
    ("certificates.k8s.io", ("certificatesigningrequests", "clustertrustbundles", "podcertificaterequests")),
    ("coordination.k8s.io", ("leases",)),
    ("events.k8s.io", ("events",)),
    ("flowcontrol.apiserver.k8s.io", ("flowschemas", "prioritylevelconfigurations")),
    ("metrics.k8s.io", ("nodes", "pods")),
    ("networking.k8s.io", ("ingressclasses", "ipaddresses", "servicecidrs")),
    ("node.k8s.io", ("runtimeclasses",)),
    ("rbac.authorization.k8s.io", ("clusterrolebindings", "clusterroles", "rolebindings", "roles")),
    (
        "resource.k8s.io",
        ("deviceclasses", "devicetaintrules", "resourceclaims", "resourceclaimtemplates", "resourceslices"),
    ),
    ("scheduling.k8s.io", ("priorityclasses",)),
    (
        "storage.k8s.io",
        (
            *("csidrivers", "csinodes", "csistoragecapacities"),
            *("storageclasses", "volumeattachments", "volumeattributesclasses"),
        ),
    ),
    ("storagemigration.k8s.io", ("storageversionmigrations",)),
)
# Of custom resources that no add-on here defines and some read, or that EKS brings with its control plane.
_GROUPS = (
    *("eks.amazonaws.com", "networking.k8s.aws", "vpcresources.k8s.aws"),
    *("gateway.networking.k8s.io", "karpenter.sh", "snapshot.storage.k8s.io"),
)


def viewing(team: str, api_groups: tuple[str, ...]) -> Iterator[Manifest]:
    """Lets the team's viewers read the whole cluster: these kinds, and all custom resources of the API groups."""
    rules = [rule(api_group, list(resources), READ) for api_group, resources in _KUBERNETES]
    rules += [rule(each, ["*"], READ) for each in sorted({*_GROUPS, *api_groups})]
    yield from cluster_role(f"team-{team}-viewer", rules, group=group(team, "viewer"))
