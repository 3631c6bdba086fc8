"""What teams may ask of add-ons. Both sides take it from here, so that neither knows the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, order=True)
class Offer:
    """Something that an add-on does for teams."""

    addon: str
    """Name of the add-on of ours that does it; another one that says the same offer takes its place."""
    write: str
    """How a user adds it."""
    namespace: str
    """Where its controller lives, and looks for what it works with."""
    controller: str = ""
    """The controller's service account, where teams give it rights."""


NODES_ON_DEMAND = Offer("karpenter", "Karpenter()", "kube-system")
"""Launches nodes of node pools."""
COPIED_SECRETS = Offer("external-secrets", "ExternalSecrets()", "external-secrets", "external-secrets")
"""Copies secrets of AWS into Kubernetes Secrets."""
MOUNTED_SECRETS = Offer("secrets-store-csi-driver", "SecretsStoreCsiDriver()", "kube-system")
"""Mounts secrets of AWS as files."""
FROM_GIT = Offer("argo-cd", "ArgoCd()", "argocd")
"""Keeps folders of Git repositories applied."""
BY_FLUX = Offer("flux", "Flux()", "flux-system")
"""Keeps folders of Git repositories applied, as Flux does."""


class HubRoles(NamedTuple):
    """By which roles the Argo CD of a hub reaches other clusters: their names, which these clusters know."""

    role: str
    """What applies to them."""
    server_role: str = ""
    """What only looks, for people; empty where AWS runs Argo CD, which has one role."""
    facts_role: str = ""
    """What reads what AWS decides in their deploys; empty where nothing does."""
