"""A cluster's registration in Argo CD."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from blueprint.addons.offers import FROM_GIT
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from blueprint.references import CLUSTER_CERTIFICATE, CLUSTER_ENDPOINT

FACTS_READER = "blueprint-facts"
"""Service account of a hub with which External Secrets reads what AWS decides in deploys of other clusters."""
PREFIX = "blueprint"
"""Of names of what delivers. With the dot behind it, they are none of what a team or an add-on may call its own."""
_LONGEST = 63
"""Of a label's key. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels"""


def registration(facts: ClusterFacts, addons: Iterable[str] = ()) -> Manifest:
    """As the GitOps bridge describes a cluster to ApplicationSets. It holds no credentials.

    https://github.com/gitops-bridge-dev/gitops-bridge-argocd-bootstrap-terraform
    https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html
    """
    server = facts.argo_cd_server or CLUSTER_ENDPOINT
    data: dict[str, Any] = {"name": facts.name, "server": server}
    if not facts.argo_cd_server:
        # Its own AWS credentials are those of the role that has an access entry: cmd/argocd-k8s-auth/commands/aws.go
        authority = {"insecure": False, "caData": CLUSTER_CERTIFICATE}
        config = {"awsAuthConfig": {"clusterName": facts.name}, "tlsClientConfig": authority}
        data["config"] = json.dumps(config, separators=(",", ":"))
    elif server.startswith("https:"):  # by its ARN alone AWS looks the rest up
        data["config"] = '{"tlsClientConfig":{"insecure":false}}'
    enabled = (f"enable_{addon.replace('-', '_')}" for addon in sorted(addons))
    metadata = {
        "name": f"{PREFIX}.{facts.name}",
        "namespace": FROM_GIT.namespace,
        "labels": {
            "argocd.argoproj.io/secret-type": "cluster",
            "aws_cluster_name": facts.name,
            "kubernetes_version": facts.version,
            **{name: "true" for name in enabled if len(name) <= _LONGEST},
        },
        "annotations": {
            "aws_cluster_name": facts.name,
            "aws_region": facts.region,
            "aws_account_id": facts.account,
            "aws_vpc_id": facts.vpc_id,
        },
    }
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "stringData": data}
