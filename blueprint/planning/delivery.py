"""What comes from Git, and what the installer begins that with: first objects of the engine, with what AWS decides."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from blueprint.addons import Addon
from blueprint.addons.offers import BY_FLUX, FROM_GIT
from blueprint.blueprint import Blueprint
from blueprint.delivery import ArgoCdDelivery, FluxDelivery, KubectlProvider, engine_of
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from blueprint.planning.document import GitDelivery, Part
from blueprint.references import PARTITION, name_of, references_in
from blueprint.registration import PREFIX, registration

KUSTOMIZE_ACCOUNT = "kustomize-controller"
"""Who may do anything; a Kustomization that names nobody has no rights."""


def from_git(
    blueprint: Blueprint, listed: Iterable[Addon], addons: Sequence[Part], teams: Sequence[Part]
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The parts, marked where they come from Git: all but the engine, and what it needs to run."""
    if isinstance(blueprint.delivery, KubectlProvider):
        return tuple(addons), tuple(teams)
    offer = engine_of(blueprint.delivery)
    kept = _with_what_launches_nodes(next(addon.name for addon in listed if offer in addon.offers), addons)
    return (
        tuple(part if part.name in kept else _marked(part) for part in addons),
        tuple(map(_marked, teams)),
    )


def planned_delivery(
    blueprint: Blueprint, facts: ClusterFacts, addons: Sequence[Part], teams: Sequence[Part]
) -> GitDelivery | None:
    """Of parts that are marked."""
    delivery = blueprint.delivery
    if isinstance(delivery, KubectlProvider):
        return None
    folder = f"{delivery.folder.strip('/')}/{facts.name}"
    if isinstance(delivery, ArgoCdDelivery):
        planned = GitDelivery("argoproj.io", delivery.repository, folder, delivery.revision)
        first: tuple[Manifest, ...]
        first = (_project(facts, planned), registration(facts, [part.name for part in addons]))
        root: Callable[[GitDelivery, str, Sequence[Part]], list[Manifest]] = partial(_application, facts)
    else:
        planned = GitDelivery("fluxcd.io", delivery.repository, folder, delivery.branch)
        first = (_source(delivery, planned),)
        root = _kustomization
    return replace(
        planned,
        addons=(*first, *root(planned, "addons", addons)),
        teams=tuple(root(planned, "teams", teams)),
    )


def facts_of(parts: Iterable[Part]) -> tuple[str, ...]:
    """Names of the references in charts and objects that come from Git: what AWS decides in a deploy.

    The partition is that of the region.
    """
    contributions = [part.contribution for part in parts if part.in_git]
    found: set[str] = set()
    for each in contributions:
        found.update(references_in([release.values for release in each.releases]))
        found.update(references_in([*(one for space in each.namespaces for one in space.objects), *each.objects]))
    return tuple(sorted(found - {name_of(PARTITION)}))


def variable(fact: str) -> str:
    """What Flux calls a fact: `vpc_id`. https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution"""
    name = re.sub(r"\W", "_", fact)
    return name if re.fullmatch(r"[a-z-]+", fact) else f"{name}_{hashlib.sha256(fact.encode()).hexdigest()[:6]}"


def _marked(part: Part) -> Part:
    each = part.contribution
    return replace(part, in_git=bool(each.namespaces or each.releases or each.objects))


def _with_what_launches_nodes(engine: str, addons: Sequence[Part]) -> set[str]:
    """The engine, and what its pods would wait for: who launches nodes for it, and what these stand on."""
    parts = {part.name: part for part in addons}
    kept, queue = {engine}, [name for name in parts[engine].after if parts[name].contribution.launched_nodes]
    while queue:
        kept.add(name := queue.pop())
        queue += [other for other in parts[name].after if other not in kept]
    return kept


def _project(facts: ClusterFacts, delivery: GitDelivery) -> Manifest:
    """For the first Applications, which bring Applications and AppProjects only."""
    here = {"server": facts.argo_cd_server, "namespace": FROM_GIT.namespace}
    kinds = [{"group": "argoproj.io", "kind": kind} for kind in ("Application", "AppProject")]
    spec = {
        "sourceRepos": [delivery.repository],
        "sourceNamespaces": [FROM_GIT.namespace],
        "destinations": [here],
        "namespaceResourceWhitelist": kinds,
    }
    return _object("argoproj.io/v1alpha1", "AppProject", PREFIX, FROM_GIT.namespace, {"spec": spec})


def _application(facts: ClusterFacts, delivery: GitDelivery, stack: str, parts: Sequence[Part]) -> list[Manifest]:
    """The first Application: a chart of Applications, whose values are the facts. With it goes all that it brought."""
    if not any(part.in_git for part in parts):
        return []
    values = {"facts": {fact: f"${{blueprint:{fact}}}" for fact in facts_of(parts)}}
    spec = {
        "project": PREFIX,
        "source": {
            "repoURL": delivery.repository,
            "path": f"{delivery.folder}/{stack}",
            "targetRevision": delivery.revision,
            "helm": {"releaseName": stack, "valuesObject": values},
        },
        "destination": {"server": facts.argo_cd_server, "namespace": FROM_GIT.namespace},
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True},
            "retry": {"limit": -1, "backoff": {"duration": "15s", "factor": 2, "maxDuration": "5m"}},
        },
    }
    finalizers = {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}
    name = f"{PREFIX}.{stack}"
    return [_object("argoproj.io/v1alpha1", "Application", name, FROM_GIT.namespace, {"spec": spec}, **finalizers)]


def _source(delivery: FluxDelivery, planned: GitDelivery) -> Manifest:
    """The repository."""
    spec: dict[str, Any] = {"interval": "1m", "url": planned.repository, "ref": {"branch": planned.revision}}
    if delivery.credentials:
        spec["secretRef"] = {"name": delivery.credentials}
    return _object("source.toolkit.fluxcd.io/v1", "GitRepository", PREFIX, BY_FLUX.namespace, {"spec": spec})


def _kustomization(delivery: GitDelivery, stack: str, parts: Sequence[Part]) -> list[Manifest]:
    """The first Kustomization, which brings others, and the facts for these. With it goes all that they brought."""
    if not any(part.in_git for part in parts):
        return []
    name = f"{PREFIX}.{stack}"
    data = {variable(fact): f"${{blueprint:{fact}}}" for fact in facts_of(parts)}
    spec = {
        "interval": "10m",
        "path": f"./{delivery.folder}/{stack}",
        "prune": True,
        "deletionPolicy": "WaitForTermination",
        "serviceAccountName": KUSTOMIZE_ACCOUNT,
        "sourceRef": {"kind": "GitRepository", "name": PREFIX},
    }
    kustomization = _object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, BY_FLUX.namespace, {"spec": spec})
    facts = _object("v1", "ConfigMap", name, BY_FLUX.namespace, {"data": data})
    return [facts, kustomization] if data else [kustomization]


def _object(version: str, kind: str, name: str, namespace: str, more: Mapping[str, Any], **metadata: Any) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace, **metadata}, **more}
