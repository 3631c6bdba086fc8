"""What the controller may do in AWS."""

from __future__ import annotations

from collections.abc import Iterable

from blueprint.addons import ClusterFacts, Statement

_LISTED = (
    *("Listeners", "Rules", "ServiceNetworkServiceAssociations", "ServiceNetworkVpcAssociations", "ServiceNetworks"),
    *("Services", "TagsForResource", "TargetGroups"),
)
# Of each kind the path below which its ARNs are, and what it does to those: pkg/aws/services/vpclattice.go of v2.1.3. A
# batch of rules is judged as each rule by itself.
_KINDS = {
    "service/*": ("CreateService", "DeleteService", "GetService", "UpdateService"),
    "service/*/listener/*": ("CreateListener", "DeleteListener", "GetListener", "UpdateListener"),
    "service/*/listener/*/rule/*": ("CreateRule", "DeleteRule", "GetRule", "UpdateRule"),
    "servicenetwork/*": ("CreateServiceNetwork", "DeleteServiceNetwork", "GetServiceNetwork", "UpdateServiceNetwork"),
    "servicenetworkserviceassociation/*": (
        "DeleteServiceNetworkServiceAssociation",
        "GetServiceNetworkServiceAssociation",
    ),
    "servicenetworkvpcassociation/*": (
        "DeleteServiceNetworkVpcAssociation",
        "GetServiceNetworkVpcAssociation",
        "UpdateServiceNetworkVpcAssociation",
    ),
    "targetgroup/*": (
        *("CreateTargetGroup", "DeleteTargetGroup", "GetTargetGroup", "UpdateTargetGroup"),
        *("DeregisterTargets", "ListTargets", "RegisterTargets"),
    ),
}
_JOINS = {
    "CreateServiceNetworkServiceAssociation": ("service/*", "servicenetwork/*", "servicenetworkserviceassociation/*"),
    "CreateServiceNetworkVpcAssociation": ("servicenetwork/*", "servicenetworkvpcassociation/*"),
}


def statements(facts: ClusterFacts) -> tuple[Statement, ...]:
    """Its files/controller-installation/recommended-inline-policy.json, which allows all of Lattice: without access
    logs, without making roles, and in the cluster's account and region alone. It tells what is its own by a tag.
    """

    def lattice(paths: Iterable[str], *actions: str) -> Statement:
        arns = tuple(facts.arn("vpc-lattice", path) for path in paths)
        why = "names and ids are Lattice's own, and it takes over what has no owner yet"
        return Statement(tuple(f"vpc-lattice:{each}" for each in actions), arns, reason=why)

    looks = (*(f"vpc-lattice:List{each}" for each in _LISTED), "acm:ListCertificates", "tag:GetResources")
    return (
        Statement(looks, ("*",), reason="lists of Lattice, ACM and tags take no resource"),
        *(lattice((path,), *actions) for path, actions in _KINDS.items()),
        *(lattice(paths, action) for action, paths in _JOINS.items()),
        lattice(("service/*", "servicenetwork/*"), "DeleteAuthPolicy", "PutAuthPolicy"),
        lattice(_KINDS, "TagResource", "UntagResource"),
        Statement(("tag:TagResources", "tag:UntagResources"), ("*",), reason="they ask Lattice's own as well"),
    )
