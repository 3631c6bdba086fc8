"""A VPC that is there already: routes, NAT, endpoints, tags and flow logs are its owner's, and no template has any.

For teams that get their networks from others: routable subnets for load balancers, for EKS and for nodes, others for
pods, and a transit gateway as the way to the internet. Its names stand in hosted zones that are made with it: one for
the internet, one of the same domain for the VPC. Ids and ranges come from the owner, for example as outputs of
the owner's Terraform; `make doctor` holds them against the VPC. docs/existing-networks.md tells more.
"""

from __future__ import annotations

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import core
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from addons.vpc_cni import VpcCni
from blueprint import Blueprint, Cluster, ExistingNetwork, ExistingSubnet, ManagedNodes, NewHostedZone, Role
from blueprint.teams import ApplicationTeam, FromInternalLoadBalancer, FromLoadBalancer
from examples.shared import PLATFORM

PUBLIC = NewHostedZone("shop.example.com")
INSIDE = NewHostedZone("shop.example.com", private=True)

EXISTING_VPC = Blueprint(
    name="existing-vpc",
    account="111111111111",
    region="us-west-2",
    network=ExistingNetwork(
        vpc_id="vpc-0e5c1a7f2d3b48690",
        cidrs=("10.0.0.0/16", "100.64.0.0/16"),
        nodes=(
            ExistingSubnet("subnet-0a1d4c7e9b2f53601", "a", "10.0.16.0/20"),
            ExistingSubnet("subnet-0b2e5d8fac3064712", "b", "10.0.32.0/20"),
        ),
        load_balancers=(
            ExistingSubnet("subnet-0c3f6e90bd4175823", "a", "10.0.0.0/26"),
            ExistingSubnet("subnet-0d407fa1ce5286934", "b", "10.0.0.64/26"),
        ),
        internal_load_balancers=(
            ExistingSubnet("subnet-0e5180b2df6397a45", "a", "10.0.0.128/26"),
            ExistingSubnet("subnet-0f6291c3e074a8b56", "b", "10.0.0.192/26"),
        ),
        control_plane=(
            ExistingSubnet("subnet-01a3b2d4f185b9c67", "a", "10.0.1.0/28"),
            ExistingSubnet("subnet-02b4c3e50296cad78", "b", "10.0.1.16/28"),
        ),
        pods=(
            ExistingSubnet("subnet-05e7f618532901daf", "a", "100.64.0.0/18"),
            ExistingSubnet("subnet-06f8a7296430a2eb0", "b", "100.64.64.0/18"),
        ),
    ),
    cluster=Cluster(version="1.36", admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=(
        *core(VpcCni(prefix_delegation=True)),
        AwsLoadBalancerController(),
        Karpenter(),
        ExternalDns(zones=(PUBLIC.id, INSIDE.id), domains=("shop.example.com",)),
    ),
    hosted_zones=(PUBLIC, INSIDE),
    teams=(
        PLATFORM,
        ApplicationTeam(
            "shop",
            developers=(Role("ShopDeveloper"),),
            hosts=("shop.example.com",),
            network=(FromLoadBalancer(ports=(8080,)), FromInternalLoadBalancer(ports=(9090,))),
        ),
    ),
    tags={"environment": "test"},
)
