"""What nodes cannot do without, no teams, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from addons.core_dns import CoreDns
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.kube_proxy import KubeProxy
from addons.vpc_cni import VpcCni
from examples.managed import MANAGED

BARE = replace(MANAGED, name="bare", addons=(CoreDns(), EksPodIdentityAgent(), KubeProxy(), VpcCni()), teams=())
