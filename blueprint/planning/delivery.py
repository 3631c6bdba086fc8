"""What comes from Git, and what the installer begins that with: first objects of the engine, with what AWS decides."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from blueprint.addons import Addon
from blueprint.addons.offers import BY_FLUX, FROM_GIT
from blueprint.blueprint import Blueprint
from blueprint.checked import Checked
from blueprint.copied_secrets import GROUP
from blueprint.delivery import ArgoCdDelivery, FluxDelivery, HubCluster, KubectlProvider, engine_of, hub_of
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.git import covers
from blueprint.kubernetes import Manifest
from blueprint.planning.document import GitDelivery, Part
from blueprint.planning.draft import Draft
from blueprint.planning.handed import copied_registration, filled_in, handed_facts
from blueprint.references import PARTITION, name_of, references_in
from blueprint.registration import PREFIX, registration
from blueprint.repositories import in_ecr

KUSTOMIZE_ACCOUNT = "kustomize-controller"
"""Who may do anything; a Kustomization that names nobody has no rights."""

Kinds = Sequence[tuple[str, str]]
"""Of objects, each with its API group."""
FINALIZER = "resources-finalizer.argocd.argoproj.io"
"""With it an Application that goes removes what it brought."""
_RETRY: Mapping[str, Any] = {"limit": -1, "backoff": {"duration": "15s", "factor": 2, "maxDuration": "5m"}}


def from_git(
    blueprint: Blueprint, listed: Iterable[Addon], addons: Sequence[Part], teams: Sequence[Part]
) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """The parts, marked where they come from Git: all but the engine, and what it needs to run."""
    if isinstance(blueprint.delivery, KubectlProvider):
        return tuple(addons), tuple(teams)
    offer = engine_of(blueprint.delivery)
    if hub_of(blueprint.delivery):
        return tuple(map(_marked, addons)), tuple(map(_marked, teams))
    kept = _with_what_it_needs(next(addon for addon in listed if offer in addon.offers), addons)
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
        if delivery.hub:
            return _in_the_hub(facts, delivery.hub, planned, addons, teams)
        first: tuple[Manifest, ...]
        more = _kinds_of_spokes(blueprint) if delivery.spokes else ()
        first = (_project(facts, planned, more=more), registration(facts, [part.name for part in addons]))
        if delivery.spokes:
            first = (*first, _spokes(facts, delivery))
        root: Callable[[GitDelivery, str, Sequence[Part]], list[Manifest]] = partial(_application, facts)
    else:
        planned = _by_flux(delivery, folder)
        first = (_source(delivery, facts),)
        root = _kustomization
    return replace(
        planned,
        addons=(*first, *root(planned, "addons", addons)),
        teams=tuple(root(planned, "teams", teams)),
    )


def unknown_to_hub(blueprint: Blueprint, drafts: Iterable[Draft]) -> Iterator[Problem]:
    """What a hub cannot bring: what AWS decides in a deploy, unless it is told, and what comes before EKS's add-ons."""
    hub = hub_of(blueprint.delivery)
    if not hub:
        return
    for draft in drafts:
        each = draft.contribution
        used = [[release.values for release in each.releases], each.objects]
        used += [space.objects for space in each.namespaces]
        unknown = sorted({*references_in(used)} - {name_of(PARTITION)})
        if unknown and not hub.roles.facts_role:
            rule = f"the hub does not know what AWS decides in a deploy, which it holds: {', '.join(unknown)}"
            fix = 'name a role by which the hub reads it, facts_role="ArgoCdHubFacts", or remove the add-on'
            yield Problem(draft.path, draft.name, rule, fix)
        if each.first_objects or any(addon.objects for addon in each.managed_addons):
            rule = "it brings objects that EKS's add-ons wait for, and a hub comes after these"
            yield Problem(draft.path, draft.name, rule, "leave hub out of delivery")


def unread_charts(view: Checked, drafts: Iterable[Draft]) -> Iterator[Problem]:
    """Charts in Amazon ECR, which lets nobody in who does not say who it is, that the engine is not told to read."""
    delivery = view.blueprint.delivery
    if isinstance(delivery, KubectlProvider) or hub_of(delivery):
        return  # CloudFormation's installer logs in by its role, and what a hub reads stands there
    offer = engine_of(delivery)
    engines = [addon for addon in view.addons.values() if offer in addon.offers]
    read = [each for addon in engines for each in addon.reads]
    for draft in drafts if engines else ():
        charts = (release.chart.repository for release in draft.contribution.releases)
        unread = (each for each in charts if in_ecr(each) and not any(covers(one.address, each) for one in read))
        for folder in dict.fromkeys(f"{address.rpartition('/')[0]}/" for address in unread):
            rule = f"{offer.addon} takes its chart from Amazon ECR and is not told how it may"
            fix = f'add PrivateRepository("{folder}", AwsRole()) to private_repositories of {offer.addon}'
            yield Problem(draft.path, draft.name, rule, fix)


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


def _with_what_it_needs(engine: Addon, addons: Sequence[Part]) -> set[str]:
    """The engine, and what it would wait for: who launches nodes for its pods, what keeps the credentials by which it
    reads the repository, and what these stand on.
    """
    parts = {part.name: part for part in addons}
    kept = {engine.name}
    queue = [
        name
        for name in parts[engine.name].after
        if parts[name].contribution.launched_nodes
        or not engine.needs_api_groups.keys().isdisjoint(parts[name].api_groups)
    ]
    while queue:
        kept.add(name := queue.pop())
        queue += [other for other in parts[name].after if other not in kept]
    return kept


def _in_the_hub(
    facts: ClusterFacts, hub: HubCluster, planned: GitDelivery, addons: Sequence[Part], teams: Sequence[Part]
) -> GitDelivery:
    """Named after the cluster, since those of all clusters stand beside each other there."""
    registered = registration(facts, [part.name for part in addons])
    stacks = {"addons": addons, "teams": teams}
    needed = {stack: facts_of(parts) for stack, parts in stacks.items()}
    handed = handed_facts(facts, hub, registered, needed)
    first: tuple[Manifest, ...] = (_in_wave(-1, _project(facts, planned, facts.name, hub.server)),)
    roots = {
        stack: _application(facts, planned, stack, parts, facts.name, hub.server) for stack, parts in stacks.items()
    }
    if handed:
        first = (*first, *copied_registration(facts, handed, registered))
        for stack, applications in roots.items():
            way = partial(filled_in, facts, stack) if needed[stack] else partial(_in_wave, 1)
            roots[stack] = [*map(way, applications)]
    else:
        first = (*first, _in_wave(-1, registered))
    return replace(planned, addons=(*first, *roots["addons"]), teams=tuple(roots["teams"]), hub=hub.name, handed=handed)


def _in_wave(wave: int, one: Manifest) -> Manifest:
    """The object, applied in its turn, with those of its annotations that are known before a deploy."""
    given = one["metadata"].get("annotations", {})
    known = {key: text for key, text in given.items() if not [*references_in(text)]}
    annotations = {**known, "argocd.argoproj.io/sync-wave": str(wave)}
    return {**one, "metadata": {**one["metadata"], "annotations": annotations}}


def _spokes(facts: ClusterFacts, delivery: ArgoCdDelivery) -> Manifest:
    """An Application for each cluster with a folder for this hub: a new one is found by itself, and none waits for
    another.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/#git-generator-directories
    """
    folder = delivery.folder.strip("/")
    source = {"repoURL": delivery.repository, "revision": delivery.revision}
    name = f"{PREFIX}.{{{{ index .path.segments {folder.count('/') + 1} }}}}"
    spec = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"git": {**source, "directories": [{"path": f"{folder}/*/{hub_folder(facts.name)}"}]}}],
        "template": {
            "metadata": {
                "name": name,
                # What the API server fills in of objects of External Secrets is no difference.
                "annotations": {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"},
                "finalizers": [FINALIZER],
            },
            "spec": {
                "project": PREFIX,
                "source": {
                    "repoURL": delivery.repository,
                    "path": "{{ .path.path }}",
                    "targetRevision": delivery.revision,
                },
                "destination": {"server": facts.argo_cd_server, "namespace": FROM_GIT.namespace},
                "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "retry": _RETRY},
            },
        },
    }
    return _object("argoproj.io/v1alpha1", "ApplicationSet", f"{PREFIX}.spokes", FROM_GIT.namespace, {"spec": spec})


def _kinds_of_spokes(blueprint: Blueprint) -> Kinds:
    """What begins a spoke in its hub: its registration, and where the hub reads of its deploy what that takes."""
    if not any(addon.hub_roles and addon.hub_roles.facts_role for addon in blueprint.addons):
        return (("", "Secret"),)
    kinds = (("argoproj.io", "ApplicationSet"), *((GROUP, kind) for kind in ("ExternalSecret", "SecretStore")))
    return (("", "Secret"), *kinds)


def hub_folder(hub: str) -> str:
    """Of what a hub takes of a cluster, in the cluster's folder."""
    return f"hub/{hub}"


def _project(
    facts: ClusterFacts,
    delivery: GitDelivery,
    cluster: str = "",
    server: str = "",
    more: Kinds = (),
) -> Manifest:
    """For the first Applications, which bring Applications and AppProjects only, and these kinds by group."""
    here = {"server": server or facts.argo_cd_server, "namespace": FROM_GIT.namespace}
    kinds = (("argoproj.io", "Application"), ("argoproj.io", "AppProject"), *more)
    spec = {
        "sourceRepos": [delivery.repository],
        "sourceNamespaces": [FROM_GIT.namespace],
        "destinations": [here],
        "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in kinds],
    }
    return _object("argoproj.io/v1alpha1", "AppProject", prefix(cluster), FROM_GIT.namespace, {"spec": spec})


def prefix(cluster: str) -> str:
    """Of what delivers to a cluster by a hub; of a cluster's own engine without its name."""
    return f"{PREFIX}.{cluster}" if cluster else PREFIX


def _application(
    facts: ClusterFacts, delivery: GitDelivery, stack: str, parts: Sequence[Part], cluster: str = "", server: str = ""
) -> list[Manifest]:
    """The first Application: a chart of Applications, whose values are the facts. With it goes all that it brought."""
    if not any(part.in_git for part in parts):
        return []
    values = {"facts": {fact: f"${{blueprint:{fact}}}" for fact in facts_of(parts)}}
    spec = {
        "project": prefix(cluster),
        "source": {
            "repoURL": delivery.repository,
            "path": f"{delivery.folder}/{stack}",
            "targetRevision": delivery.revision,
            "helm": {"releaseName": stack, "valuesObject": values},
        },
        "destination": {"server": server or facts.argo_cd_server, "namespace": FROM_GIT.namespace},
        "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "retry": _RETRY},
    }
    finalizers = {"finalizers": [FINALIZER]}
    name = f"{prefix(cluster)}.{stack}"
    return [_object("argoproj.io/v1alpha1", "Application", name, FROM_GIT.namespace, {"spec": spec}, **finalizers)]


def _by_flux(delivery: FluxDelivery, folder: str) -> GitDelivery:
    """What is known of it but for its objects."""
    there = delivery.repository
    if isinstance(there, str):
        return GitDelivery("fluxcd.io", there, folder, delivery.branch)
    return GitDelivery("fluxcd.io", there.address, folder, "", source=there.kind)


def _source(delivery: FluxDelivery, facts: ClusterFacts) -> Manifest:
    """The repository, or what holds what it has."""
    there = delivery.repository
    if isinstance(there, str):
        kind, spec = "GitRepository", {"interval": "1m", "url": there, "ref": {"branch": delivery.branch}}
    else:
        kind, spec = there.kind, dict(there.spec(facts.region))
    spec |= facts.read_by(there if isinstance(there, str) else there.address, delivery.credentials)
    return _object("source.toolkit.fluxcd.io/v1", kind, PREFIX, BY_FLUX.namespace, {"spec": spec})


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
        "sourceRef": {"kind": delivery.source, "name": PREFIX},
    }
    kustomization = _object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, BY_FLUX.namespace, {"spec": spec})
    facts = _object("v1", "ConfigMap", name, BY_FLUX.namespace, {"data": data})
    return [facts, kustomization] if data else [kustomization]


def _object(version: str, kind: str, name: str, namespace: str, more: Mapping[str, Any], **metadata: Any) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace, **metadata}, **more}
