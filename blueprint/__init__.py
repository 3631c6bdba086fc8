"""The model of an EKS cluster, in plain Python: values in, a plan out. Nothing here imports the CDK.

What a cluster file needs is named here; the rest of the model is for add-ons, teams and renderers.
"""

from blueprint.access import PermissionSet, Role, User
from blueprint.blueprint import Blueprint
from blueprint.cluster import Cluster, PrivateEndpoint, PublicEndpoint
from blueprint.components import Components, NodePorts
from blueprint.compute import AutoMode, FargateProfile, FargateSelector, ManagedNodes, SelfManagedNodes, Taint
from blueprint.delivery import ArgoCdDelivery, FluxDelivery, KubectlProvider
from blueprint.existing_network import ExistingNetwork, ExistingSubnet
from blueprint.fleet import BlueGreen, Environment, Fleet, Promotion, Wave
from blueprint.group_settings import NodeRepair, RepairOverride, WarmPool
from blueprint.mirrors import Mirrors
from blueprint.network import NewNetwork
from blueprint.oidc import OidcProvider
from blueprint.pipelines import GitHubActions, GitLabCi
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.role_settings import Iam

__all__ = [
    "ArgoCdDelivery",
    "AutoMode",
    "BlueGreen",
    "Blueprint",
    "Cluster",
    "Components",
    "Environment",
    "ExistingNetwork",
    "ExistingSubnet",
    "FargateProfile",
    "FargateSelector",
    "Fleet",
    "FluxDelivery",
    "GitHubActions",
    "GitLabCi",
    "Iam",
    "KubectlProvider",
    "ManagedNodes",
    "Mirrors",
    "NewNetwork",
    "NodePorts",
    "NodeRepair",
    "OidcProvider",
    "PermissionSet",
    "Plan",
    "PrivateEndpoint",
    "Promotion",
    "PublicEndpoint",
    "RepairOverride",
    "Role",
    "SelfManagedNodes",
    "Taint",
    "User",
    "WarmPool",
    "Wave",
    "plan",
]
