"""What AWS decides in a deploy of a cluster, on its way to the hub that delivers to it.

A deploy writes it into parameters of Systems Manager. External Secrets of the hub reads them by a role of this
cluster's account, which the hub's own role takes on, and writes the cluster's registration, of which ApplicationSets
take it.

https://external-secrets.io/latest/provider/aws-parameter-store/
https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Cluster/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blueprint.access import Role
from blueprint.addons.offers import FROM_GIT
from blueprint.copied_secrets import GROUP
from blueprint.delivery import HubCluster, reading_role
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from blueprint.planning.document import HandedFacts
from blueprint.references import PARTITION, PATTERN, name_of, references_in
from blueprint.registration import FACTS_READER, PREFIX

_KNOWN = {name_of(PARTITION)}
"""Before a deploy."""


def handed_facts(
    facts: ClusterFacts, hub: HubCluster, registered: Manifest, needed: Mapping[str, Sequence[str]]
) -> HandedFacts | None:
    """Those that charts and objects of stacks need, and with them those of the registration; None where the hub can do
    without.
    """
    if not hub.roles.facts_role or not (any(needed.values()) or not facts.argo_cd_server):
        return None
    all_names = {"cluster": sorted({*references_in(registered)} - _KNOWN), **needed}
    names = {stack: tuple(found) for stack, found in all_names.items() if found}
    return HandedFacts(Role(hub.roles.facts_role).arn(hub.account), reading_role(hub, facts.name), names)


def copied_registration(facts: ClusterFacts, handed: HandedFacts, registered: Manifest) -> tuple[Manifest, ...]:
    """The store, and the secret that becomes the cluster's registration."""
    role = f"arn:{PARTITION}:iam::{facts.account}:role{facts.role_path}{handed.role}"
    auth = {"jwt": {"serviceAccountRef": {"name": FACTS_READER}}}
    aws = {"service": "ParameterStore", "region": facts.region, "role": role, "auth": auth}
    store = f"{PREFIX}.{facts.name}"
    metadata = registered["metadata"]
    annotations = {key: _templated(text) for key, text in metadata["annotations"].items()}
    names = handed.parameters(facts.name)
    told = {annotation(stack): f"{{{{ .{stack} }}}}" for stack in names if stack != "cluster"}
    template = {
        "engineVersion": "v2",
        "type": registered["type"],
        "metadata": {
            "labels": metadata["labels"],
            "annotations": {**annotations, **told},
        },
        "data": {key: _templated(text) for key, text in registered["stringData"].items()},
    }
    spec = {
        "refreshInterval": "5m0s",
        "secretStoreRef": {"kind": "SecretStore", "name": store},
        # What was registered stays so while nobody can be asked.
        "target": {"name": metadata["name"], "deletionPolicy": "Retain", "template": template},
        "data": [{"secretKey": stack, "remoteRef": {"key": name}} for stack, name in names.items()],
    }
    return (
        _object(f"{GROUP}/v1", "SecretStore", store, -1, {"provider": {"aws": aws}}),
        _object(f"{GROUP}/v1", "ExternalSecret", store, 0, spec),
    )


def filled_in(facts: ClusterFacts, stack: str, application: Manifest) -> Manifest:
    """An Application of the hub that has its values from the cluster's registration. It stays while that lacks, and
    goes with its ApplicationSet.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Controlling-Resource-Modification/
    """
    metadata, spec = application["metadata"], application["spec"]
    helm = {"releaseName": stack, "values": f'{{{{ index .metadata.annotations "{annotation(stack)}" }}}}'}
    registered = {"aws_cluster_name": facts.name, "argocd.argoproj.io/secret-type": "cluster"}
    of_set = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"clusters": {"selector": {"matchLabels": registered}}}],
        "syncPolicy": {"applicationsSync": "create-update"},
        "template": {
            "metadata": {"name": metadata["name"], "finalizers": metadata["finalizers"]},
            "spec": {**spec, "source": {**spec["source"], "helm": helm}},
        },
    }
    return _object(application["apiVersion"], "ApplicationSet", metadata["name"], 1, of_set)


def annotation(stack: str) -> str:
    """Of a registration: what AWS decided of what a stack brings, as the values of its Application."""
    return f"{PREFIX}.{stack}"


def _templated(text: str) -> str:
    """With references as expressions of External Secrets."""
    return PATTERN.sub(
        lambda found: found[0] if found[1] in _KNOWN else f'{{{{ index (fromJson .cluster).facts "{found[1]}" }}}}',
        text,
    )


def _object(version: str, kind: str, name: str, wave: int, spec: Mapping[str, Any]) -> Manifest:
    annotations = {"argocd.argoproj.io/sync-wave": str(wave)}
    metadata = {"name": name, "namespace": FROM_GIT.namespace, "annotations": annotations}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
