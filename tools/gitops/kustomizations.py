"""Kustomizations and HelmReleases of Flux. https://fluxcd.io/flux/components/"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from blueprint.addons.offers import BY_FLUX
from blueprint.contribution import Chart
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from blueprint.planning.delivery import KUSTOMIZE_ACCOUNT
from blueprint.planning.document import GitDelivery, Part, Plan
from blueprint.references import resolved
from blueprint.registration import PREFIX
from tools.gitops.known import for_flux, known, open_in
from tools.gitops.rights import rights, rights_name
from tools.gitops.steps import GitStep, named, steps
from tools.gitops.written import folder_of


def tree(plan: Plan, delivery: GitDelivery) -> dict[str, str]:
    """Texts by their paths in the cluster's folder."""
    found: dict[str, str] = {}
    for stack, parts in (("addons", plan.addons), ("teams", plan.teams)):
        listed = steps(stack, parts)
        if not listed:
            continue
        listed = tuple(_fenced(parts, listed)) if stack == "teams" else listed
        kustomizations = []
        for step in listed:
            objects = resolved(step.objects, known(plan)) if step.objects else _release(plan, stack, step)
            facts = open_in(objects)
            kustomizations.append(_kustomization(delivery, stack, step, has_facts=bool(facts)))
            for name, text in folder_of(for_flux(objects) if facts else objects).items():
                found[f"{_place(step)}/{name}"] = text
        found |= {f"{stack}/{name}": text for name, text in folder_of(kustomizations).items()}
    return found


def _fenced(parts: Sequence[Part], listed: Sequence[GitStep]) -> Iterator[GitStep]:
    """The steps of teams, and before the first chart of each the rights by which Flux installs its charts."""
    spaces = {part.name: part.namespaces for part in parts}
    given: set[str] = set()
    for step in listed:
        name = named("teams", step.part, "rights")
        if step.release and step.part not in given:
            given.add(step.part)
            # They stay, or Flux could lose them before it has uninstalled what it installed by them.
            yield GitStep(name, step.part, rights(step.part, spaces[step.part]), after=step.after, stays=True)
        yield replace(step, after=(*step.after, name)) if step.release else step


def _place(step: GitStep) -> str:
    return f"{'objects' if step.objects else 'releases'}/{step.name}"


def _kustomization(delivery: GitDelivery, stack: str, step: GitStep, *, has_facts: bool) -> Manifest:
    spec: dict[str, Any] = {
        "interval": "10m",
        "retryInterval": "1m",
        "timeout": "15m",
        "path": f"./{delivery.folder}/{_place(step)}",
        "prune": not step.stays,
        "wait": True,
        "serviceAccountName": KUSTOMIZE_ACCOUNT,
        "sourceRef": {"kind": delivery.source, "name": PREFIX},
    }
    if not step.stays:
        spec["deletionPolicy"] = "WaitForTermination"
    if step.after:
        spec["dependsOn"] = [{"name": name} for name in step.after]
    if has_facts:
        spec["postBuild"] = {"substituteFrom": [{"kind": "ConfigMap", "name": f"{PREFIX}.{stack}"}]}
    return _object("kustomize.toolkit.fluxcd.io/v1", "Kustomization", step.name, spec)


def _release(plan: Plan, stack: str, step: GitStep) -> list[Manifest]:
    """Of the same name and in the same namespace as by any other delivery, so that it takes over a release of Helm."""
    release = step.release
    assert release is not None  # noqa: S101  # a step has objects or a release
    spec: dict[str, Any] = {
        "interval": "10m",
        "timeout": f"{release.timeout_minutes}m",
        "serviceAccountName": rights_name(step.part) if stack == "teams" else "helm-controller",
        "releaseName": release.name,
        "targetNamespace": release.namespace,
        "storageNamespace": release.namespace,
        "install": {"crds": "CreateReplace", "remediation": {"retries": 3}},
        "upgrade": {"crds": "CreateReplace", "remediation": {"retries": 3, "remediateLastFailure": True}},
        "driftDetection": {"mode": "enabled"},
    }
    source = _source(plan.facts, step.name, release.chart)
    reference = {"kind": source["kind"], "name": step.name}
    if source["kind"] == "OCIRepository":
        spec["chartRef"] = reference
    else:
        chart = {"chart": release.chart.name, "version": release.chart.version, "sourceRef": reference}
        spec["chart"] = {"spec": chart}
    if release.values:
        spec["values"] = resolved(release.values, known(plan))
    return [source, _object("helm.toolkit.fluxcd.io/v2", "HelmRelease", step.name, spec)]


def _source(facts: ClusterFacts, name: str, chart: Chart) -> Manifest:
    api, given = "source.toolkit.fluxcd.io/v1", facts.read_by(chart.repository)
    if not chart.repository.startswith("oci://"):
        return _object(api, "HelmRepository", name, {"interval": "1h", "url": chart.repository, **given})
    spec: dict[str, Any] = {
        "interval": "1h",
        "url": chart.repository,
        # As Helm names tags, which have no plus: helm v4 pkg/registry/reference.go:57.
        "ref": {"tag": chart.version.replace("+", "_")},
        "layerSelector": {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"},
    }
    return _object(api, "OCIRepository", name, {**spec, **given})


def _object(version: str, kind: str, name: str, spec: dict[str, Any]) -> Manifest:
    metadata = {"name": name, "namespace": BY_FLUX.namespace}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
