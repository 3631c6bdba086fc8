"""What an add-on is made of. An add-on file states facts and choices; it never makes a resource.

    class MetricsServer(EksAddon): ...      installed and patched by EKS
    class ExternalDns(HelmAddon): ...       a chart, installed by Helm

Class facts (name, chart, namespace, requires, …) say what the add-on is, typed fields are the user's choices, and two
or three small pure methods say what follows from them. `ClusterFacts` is all they may look at.
"""

from __future__ import annotations

from blueprint.addons.buckets import ExistingBucket, NewBucket, OwnBucket
from blueprint.addons.by_value import EksAddonByName, HelmRelease
from blueprint.addons.calls_aws import CallsAws
from blueprint.addons.capability import EksCapability
from blueprint.addons.contract import Addon, FirstEdit, NodeNetwork, UpgradeSteps
from blueprint.addons.eks import AddonVersion, EksAddon
from blueprint.addons.file_systems import ExistingFileSystem, NewFileSystem, OwnFileSystem
from blueprint.addons.helm import HelmAddon, RepeatableAddon, beside, chosen, moved
from blueprint.addons.manifests import KubernetesManifests
from blueprint.addons.vaults import ExistingVault, NewVault, OwnVault
from blueprint.addons.workspaces import ExistingWorkspace, NewWorkspace, OwnWorkspace
from blueprint.backups import BackupCopy, BackupRule, VaultLock
from blueprint.contribution import (
    Chart,
    Contribution,
    GeneratedFields,
    HostedZone,
    ImageSource,
    ServiceLinkedRole,
    Values,
    merged,
)
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.off_aws import OffAws
from blueprint.workload import EVERYTHING, Workload

__all__ = [
    "EVERYTHING",
    "Addon",
    "AddonVersion",
    "BackupCopy",
    "BackupRule",
    "CallsAws",
    "Chart",
    "ClusterFacts",
    "Contribution",
    "EksAddon",
    "EksAddonByName",
    "EksCapability",
    "ExistingBucket",
    "ExistingFileSystem",
    "ExistingVault",
    "ExistingWorkspace",
    "FirstEdit",
    "GeneratedFields",
    "HelmAddon",
    "HelmRelease",
    "HostedZone",
    "ImageSource",
    "KubernetesManifests",
    "NewBucket",
    "NewFileSystem",
    "NewVault",
    "NewWorkspace",
    "NodeNetwork",
    "OffAws",
    "OwnBucket",
    "OwnFileSystem",
    "OwnVault",
    "OwnWorkspace",
    "RepeatableAddon",
    "ServiceLinkedRole",
    "Statement",
    "UpgradeSteps",
    "Values",
    "VaultLock",
    "Workload",
    "beside",
    "chosen",
    "merged",
    "moved",
]
