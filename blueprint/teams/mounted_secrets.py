"""What a team needs in its namespace to mount secrets. https://github.com/aws/secrets-store-csi-driver-provider-aws"""

from __future__ import annotations

import json
from collections.abc import Sequence

from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from blueprint.secrets import Parameter, TeamSecret


def objects(
    facts: ClusterFacts, namespace: str, service_account: str, secrets: Sequence[TeamSecret]
) -> tuple[Manifest, ...]:
    """The SecretProviderClass, with the name of the service account. A pod of that account mounts it so:

        csi: {driver: secrets-store.csi.k8s.io, readOnly: true, volumeAttributes: {secretProviderClass: <name>}}

    Each secret is a file of its `name_in_cluster`. The service account itself is the workload's.
    """
    files = [
        {
            "objectName": secret.aws_name,
            "objectType": "ssmparameter" if isinstance(secret, Parameter) else "secretsmanager",
            "objectAlias": secret.name_in_cluster,
        }
        for secret in sorted(secrets, key=lambda secret: secret.name_in_cluster)
    ]
    # The provider reads the list from a text of YAML, of which JSON is a part.
    parameters = {"region": facts.region, "usePodIdentity": "true", "objects": json.dumps(files, indent=1)}
    provider_class: Manifest = {
        "apiVersion": "secrets-store.csi.x-k8s.io/v1",
        "kind": "SecretProviderClass",
        "metadata": {"name": service_account, "namespace": namespace},
        "spec": {"provider": "aws", "parameters": parameters},
    }
    return (provider_class,)
