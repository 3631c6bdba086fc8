"""Which add-on does what teams ask for: their bases look it up here, so that no name of an add-on stands with them."""

from __future__ import annotations

from addons.argo_cd import ArgoCd
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver

NODES_ON_DEMAND = Karpenter
"""Launches nodes of node pools."""
COPIED_SECRETS = ExternalSecrets
"""Copies secrets of AWS into Kubernetes Secrets."""
MOUNTED_SECRETS = SecretsStoreCsiDriver
"""Mounts secrets of AWS as files."""
FROM_GIT = ArgoCd
"""Keeps folders of Git repositories applied."""
