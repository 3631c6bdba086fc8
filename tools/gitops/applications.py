"""Applications and AppProjects of Argo CD, in a chart that fills the facts of the deploy in.

https://argo-cd.readthedocs.io/en/stable/operator-manual/cluster-bootstrapping/#app-of-apps-pattern
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from blueprint.addons.offers import FROM_GIT
from blueprint.contribution import Chart, Release
from blueprint.kubernetes import Manifest
from blueprint.planning.delivery import FINALIZER, hub_folder, prefix
from blueprint.planning.document import GitDelivery, Part, Plan
from blueprint.references import PATTERN, resolved
from blueprint.teams.workloads.kinds import GUARDED, KINDS, group
from tools.gitops.known import exactly, known, open_in, pointer
from tools.gitops.steps import GitStep, named, steps
from tools.gitops.written import as_yaml, folder_of

_API = "argoproj.io/v1alpha1"
# The files hold references as the plan does; whoever renders the chart without a fact is told which.
_TEMPLATE = """\
{{- range $path, $_ := .Files.Glob "resources/*.yaml" }}
{{- $text := $.Files.Get $path }}
{{- range $name, $value := $.Values.facts }}
{{- $text = replace (printf "${blueprint:%s}" $name) $value $text }}
{{- end }}
{{- if contains "${blueprint:" $text }}
{{- fail (printf "%s: no value for %s" $path (regexFind "[$][{]blueprint:[^}]*[}]" $text)) }}
{{- end }}
---
{{ $text }}
{{- end }}
"""


def tree(plan: Plan, delivery: GitDelivery) -> dict[str, str]:
    """Texts by their paths in the cluster's folder."""
    found: dict[str, str] = {}
    for each in (*delivery.addons, *delivery.teams) if delivery.hub else ():
        name = f"{each['kind'].lower()}-{each['metadata']['name']}"
        found[f"{hub_folder(delivery.hub)}/{name}.yaml"] = as_yaml(resolved(each, known(plan)))
    for stack, parts in (("addons", plan.addons), ("teams", plan.teams)):
        listed = steps(stack, parts)
        if not listed:
            continue
        chart = {"apiVersion": "v2", "name": stack, "version": "0.0.0", "description": f"{stack} of {plan.facts.name}"}
        found[f"{stack}/Chart.yaml"] = as_yaml(chart)
        found[f"{stack}/values.yaml"] = as_yaml({"facts": {}})
        found[f"{stack}/templates/resources.yaml"] = _TEMPLATE
        resources = [*_projects(plan, stack, delivery, parts, listed)]
        for step in listed:
            of_hub = [one for one in step.objects if _is_of_hub(delivery, one)]
            resources += resolved([_in_wave(step, one) for one in of_hub], known(plan))
            if step.objects and len(of_hub) == len(step.objects):
                continue
            there = replace(step, objects=tuple(one for one in step.objects if not _is_of_hub(delivery, one)))
            resources.append(_application(plan, delivery, stack, there))
            for name, text in folder_of(resolved(there.objects, known(plan))).items() if there.objects else ():
                found[f"objects/{step.name}/{name}"] = text
        for each in resources:
            kind = "project" if each["kind"] == "AppProject" else f"{_wave(each):02}"
            found[f"{stack}/resources/{kind}-{each['metadata']['name']}.yaml"] = as_yaml(each)
    return found


def _is_of_hub(delivery: GitDelivery, one: Manifest) -> bool:
    """Whether it is for Argo CD, which is elsewhere: a folder of a team that it follows."""
    return bool(delivery.hub) and one["apiVersion"] == _API


def _in_wave(step: GitStep, one: Manifest) -> Manifest:
    return {**one, "metadata": {**one["metadata"], "annotations": {"argocd.argoproj.io/sync-wave": str(step.wave)}}}


def _wave(application: Manifest) -> int:
    return int(application["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])


def _projects(
    plan: Plan, stack: str, delivery: GitDelivery, parts: Sequence[Part], listed: Sequence[GitStep]
) -> Iterator[Manifest]:
    """One for the platform, and one for the charts of each team, which reach its namespaces only."""
    fenced = [step for step in listed if _is_fenced(stack, step)]
    first = prefix(_cluster(plan, delivery))
    own = [step.release.chart for step in listed if step.release and step not in fenced]
    everything = [{"group": "*", "kind": "*"}]
    target = _target(plan)
    yield _project(
        f"{first}.{stack}",
        {
            "sourceRepos": sorted({delivery.repository, *map(_repository, own)}),
            "destinations": [{**target, "namespace": "*"}],
            "clusterResourceWhitelist": everything,
            "namespaceResourceWhitelist": everything,
        },
    )
    for part in parts:
        charts = [step.release.chart for step in fenced if step.release and step.part == part.name]
        if charts:
            yield _project(
                f"{first}.teams.{part.name}",
                {
                    "sourceRepos": sorted({*map(_repository, charts)}),
                    "destinations": [{**target, "namespace": each} for each in part.namespaces],
                    "clusterResourceWhitelist": [],
                    "clusterResourceBlacklist": everything,
                    "namespaceResourceWhitelist": [{"group": group(api), "kind": kind} for kind, api in KINDS.items()],
                    "namespaceResourceBlacklist": [
                        {"group": of, "kind": kind} for of, kinds in GUARDED.items() for kind in kinds
                    ],
                },
            )


def _project(name: str, spec: Mapping[str, Any]) -> Manifest:
    annotations = {"argocd.argoproj.io/sync-wave": "-1"}
    metadata = {"name": name, "namespace": FROM_GIT.namespace, "annotations": annotations}
    spec = {"sourceNamespaces": [FROM_GIT.namespace], **spec}
    return {"apiVersion": _API, "kind": "AppProject", "metadata": metadata, "spec": spec}


def _target(plan: Plan) -> dict[str, str]:
    found: dict[str, str] = resolved(plan.facts.argo_cd_destination, known(plan))
    return found


def _is_fenced(stack: str, step: GitStep) -> bool:
    return stack == "teams" and step.release is not None


def _cluster(plan: Plan, delivery: GitDelivery) -> str:
    """The name that keeps what is of one cluster apart in a hub."""
    return plan.facts.name if delivery.hub else ""


def _application(plan: Plan, delivery: GitDelivery, stack: str, step: GitStep) -> Manifest:
    annotations = {
        "argocd.argoproj.io/sync-wave": str(step.wave),
        "argocd.argoproj.io/compare-options": "ServerSideDiff=true",
    }
    # Server-side, as Helm 4 applies: definitions are larger than what kubectl keeps in an annotation.
    options = ["CreateNamespace=false", "ServerSideApply=true", "SkipDryRunOnMissingResource=true"]
    if step.stays:
        annotations["argocd.argoproj.io/sync-options"] = "Prune=confirm"
        options.append("Prune=confirm")
    release = step.release
    first = prefix(cluster := _cluster(plan, delivery))
    project = f"{first}.teams.{step.part}" if _is_fenced(stack, step) else f"{first}.{stack}"
    spec: dict[str, Any] = {"project": project}
    if release:
        spec["source"] = _chart(plan, release)
        if release.generated:
            options.append("RespectIgnoreDifferences=true")
            spec["ignoreDifferences"] = [
                {"group": each.group, "kind": each.kind, "jqPathExpressions": list(each.paths)}
                for each in release.generated
            ]
    else:
        spec["source"] = _folder(plan, delivery, step)
    namespace = release.namespace if release else "default"  # where kubectl puts what names none
    spec["destination"] = {**_target(plan), "namespace": namespace}
    spec["syncPolicy"] = {
        "automated": {"prune": True, "selfHeal": True},
        "syncOptions": options,
        "retry": {"limit": -1, "backoff": {"duration": "15s", "factor": 2, "maxDuration": "5m"}},
    }
    metadata = {
        "name": named(cluster, step.name) if cluster else step.name,
        "namespace": FROM_GIT.namespace,
        "annotations": annotations,
        "finalizers": [FINALIZER],
    }
    return {"apiVersion": _API, "kind": "Application", "metadata": metadata, "spec": spec}


def _chart(plan: Plan, release: Release) -> dict[str, Any]:
    helm: dict[str, Any] = {"releaseName": release.name}
    if release.values:
        helm["valuesObject"] = resolved(release.values, known(plan))
    chart = release.chart
    # Of an OCI chart the last part of the address is the name.
    name = chart.repository.rpartition("/")[2] if _is_oci(chart) else chart.name
    return {"repoURL": _repository(chart), "chart": name, "targetRevision": chart.version, "helm": helm}


def _repository(chart: Chart) -> str:
    """https://argo-cd.readthedocs.io/en/stable/user-guide/helm/: the scheme of OCI registries is left out."""
    return chart.repository.removeprefix("oci://").rpartition("/")[0] if _is_oci(chart) else chart.repository


def _is_oci(chart: Chart) -> bool:
    return chart.repository.startswith("oci://")


def _folder(plan: Plan, delivery: GitDelivery, step: GitStep) -> dict[str, Any]:
    source: dict[str, Any] = {
        "repoURL": delivery.repository,
        "path": f"{delivery.folder}/objects/{step.name}",
        "targetRevision": delivery.revision,
    }
    patches = [patch for one in resolved(step.objects, known(plan)) for patch in _patches(one)]
    if patches:
        source["kustomize"] = {"patches": patches}
    return source


def _patches(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of an object with references: their places, into which the chart of Applications puts the facts."""
    if not open_in(one):
        return
    of, _, version = one["apiVersion"].rpartition("/")
    metadata = one["metadata"]
    target = {"version": version, "kind": one["kind"], "name": exactly(metadata["name"])}
    if of:
        target["group"] = of
    if "namespace" in metadata:
        target["namespace"] = exactly(metadata["namespace"])
    operations = [{"op": "replace", "path": pointer(*way), "value": value} for way, value in _places(one)]
    yield {"target": target, "patch": as_yaml(operations).partition("\n")[2]}


def _places(data: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """The smallest values that hold all references: of a mapping with one in a key the mapping."""
    if isinstance(data, str):
        if PATTERN.search(data):
            yield way, data
    elif isinstance(data, dict):
        if open_in([*data]):
            yield way, data
        else:
            for key, item in data.items():
                yield from _places(item, (*way, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _places(item, (*way, index))
