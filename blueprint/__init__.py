"""The model of an EKS cluster, in plain Python: values in, a plan out. Nothing here imports the CDK.

What a cluster file needs is named here; the rest of the model is for add-ons, teams and renderers.
"""

from blueprint.access import PermissionSet, Role, User
from blueprint.artifacts import OciArtifact, S3Folder
from blueprint.auto_mode import AutoMode
from blueprint.auto_node_class import AutoNodeClass
from blueprint.blueprint import Blueprint
from blueprint.cluster import Cluster, PrivateEndpoint, PublicEndpoint
from blueprint.code_pipeline import CodeCommit, CodeConnections, CodePipeline, S3Archive
from blueprint.components import Components, NodePorts
from blueprint.delivery import ArgoCdDelivery, FluxDelivery, Hub, KubectlProvider, SelfManagedHub
from blueprint.existing_network import ExistingNetwork, ExistingSubnet
from blueprint.fargate import FargateProfile, FargateSelector
from blueprint.fleet import BlueGreen, Environment, Fleet, Promotion, Traffic, Wave
from blueprint.group_settings import NodeRepair, RepairOverride, WarmPool
from blueprint.hosted_zone import NewHostedZone
from blueprint.hybrid_nodes import HybridNodes
from blueprint.machine import CpuOptions
from blueprint.managed_nodes import ManagedNodes
from blueprint.mirrors import Mirrors, PullThroughCache
from blueprint.network import NewNetwork
from blueprint.oidc import OidcProvider
from blueprint.pipelines import GitHubActions, GitLabCi
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.proxy import Proxy
from blueprint.role_settings import Iam
from blueprint.routes import PeeringConnection, Route, TransitGateway
from blueprint.self_managed_nodes import SelfManagedNodes
from blueprint.taints import Taint

__all__ = [
    "ArgoCdDelivery",
    "AutoMode",
    "AutoNodeClass",
    "BlueGreen",
    "Blueprint",
    "Cluster",
    "CodeCommit",
    "CodeConnections",
    "CodePipeline",
    "Components",
    "CpuOptions",
    "Environment",
    "ExistingNetwork",
    "ExistingSubnet",
    "FargateProfile",
    "FargateSelector",
    "Fleet",
    "FluxDelivery",
    "GitHubActions",
    "GitLabCi",
    "Hub",
    "HybridNodes",
    "Iam",
    "KubectlProvider",
    "ManagedNodes",
    "Mirrors",
    "NewHostedZone",
    "NewNetwork",
    "NodePorts",
    "NodeRepair",
    "OciArtifact",
    "OidcProvider",
    "PeeringConnection",
    "PermissionSet",
    "Plan",
    "PrivateEndpoint",
    "Promotion",
    "Proxy",
    "PublicEndpoint",
    "PullThroughCache",
    "RepairOverride",
    "Role",
    "Route",
    "S3Archive",
    "S3Folder",
    "SelfManagedHub",
    "SelfManagedNodes",
    "Taint",
    "Traffic",
    "TransitGateway",
    "User",
    "WarmPool",
    "Wave",
    "plan",
]
