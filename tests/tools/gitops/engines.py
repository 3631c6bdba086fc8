"""What the engines do with a folder, by the programs that they are made of: Helm, Kustomize, Flux's substitution."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import yaml

from addons.argo_cd import ArgoCd
from addons.flux import Flux
from blueprint import ArgoCdDelivery, Blueprint, FluxDelivery, Hub, KubectlProvider, SelfManagedHub
from blueprint.delivery import Delivery, hub_of
from blueprint.kubernetes import ObjectKey
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.references import resolved
from blueprint.texts import texts_in
from tests.tools.charts import helm
from tools.charts.helm import program_for
from tools.gitops.folder import texts
from tools.review.dangers.names import key

REPOSITORY = "https://git.example.com/platform"
DELIVERIES: dict[str, Delivery] = {
    "argo-cd": ArgoCdDelivery(REPOSITORY, folder="deploy/gitops"),
    "flux": FluxDelivery(REPOSITORY, folder="deploy/gitops"),
}
HUBS: dict[str, type[Hub | SelfManagedHub]] = {"hub": Hub, "self-managed hub": SelfManagedHub}
"""Argo CD of another cluster, which is told what AWS decides in a deploy."""


def by_hub(blueprint: Blueprint, kind: type[Hub | SelfManagedHub]) -> Delivery:
    """From a hub of another account, in the same region."""
    roles: Any = {"role": "ArgoCdHub", "facts_role": "ArgoCdHubFacts"}
    if kind is SelfManagedHub:
        roles["server_role"] = "ArgoCdHubServer"
    hub = kind("the-hub", account="444444444444", region=blueprint.region, **roles)
    return ArgoCdDelivery(REPOSITORY, folder="deploy/gitops", hub=hub)


# Of a PyYAML without libyaml, the slow ones.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def documents(text: str) -> list[Any]:
    """Of a YAML file."""
    return list(yaml.load_all(text, _LOADER))


class Facts(dict[str, str]):
    """What AWS decides in a deploy: something else for each name, with what a template or a pattern would read."""

    def __missing__(self, name: str) -> str:
        return f"decided:{name}"


def facts(made: Plan) -> Facts:
    """Of a cluster; AWS's own SDK knows which partition a region is in."""
    return Facts(partition=_partition(made.facts.region))


@cache
def _partition(region: str) -> str:
    """The SDK reads its endpoints anew each time, which takes a tenth of a second."""
    return str(botocore.session.Session().get_partition_for_region(region))


@dataclass(frozen=True)
class Brought:
    """What reaches the cluster."""

    objects: dict[ObjectKey, Any] = field(default_factory=dict)
    releases: dict[tuple[str, str], Any] = field(default_factory=dict)
    """By namespace and name: chart, its repository without a scheme, version, values."""

    def add(self, one: Mapping[str, Any]) -> None:
        assert key(one) not in self.objects, "applied by two"
        self.objects[key(one)] = one


def delivered(blueprint: Blueprint, delivery: Delivery) -> Plan:
    """The plan of the blueprint with another delivery, and with the add-ons of both engines where these run there."""
    addons = [addon for addon in blueprint.addons if not isinstance(addon, ArgoCd | Flux)]
    if not hub_of(delivery):
        addons += [ArgoCd(domain="argocd.example.com"), Flux()]
    return plan(replace(blueprint, addons=tuple(addons), delivery=delivery))


def by_kubectl(blueprint: Blueprint, like: Plan) -> Brought:
    """What the templates install of those parts that come from Git in another plan."""
    brought = Brought()
    in_git = {(part.type, part.name) for part in like.parts if part.in_git}
    for part in delivered(blueprint, KubectlProvider()).parts:
        if (part.type, part.name) not in in_git:
            continue
        contribution = part.contribution
        spaces = [one for each in contribution.namespaces for one in (each.manifest(), *each.objects)]
        for one in resolved([*spaces, *contribution.objects], facts(like)):
            brought.add(one)
        for each in contribution.releases:
            repository = each.chart.repository.partition("://")[2]
            chart = (each.chart.name, repository, each.chart.version, resolved(each.values, facts(like)))
            brought.releases[each.namespace, each.name] = chart
    return brought


def written(made: Plan, folder: Path) -> Path:
    """The clone of the repository, with the cluster's folder in it."""
    assert made.delivery
    for name, text in texts(made, made.delivery).items():
        path = folder / "deploy/gitops" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def first_objects(made: Plan) -> list[Any]:
    """What the installer applies."""
    assert made.delivery
    found: list[Any] = resolved([*made.delivery.addons, *made.delivery.teams], facts(made))
    return found


def applications(made: Plan, clone: Path) -> Iterator[Any]:
    """What Argo CD makes of the first Applications: Applications and AppProjects."""
    for one in in_hub(made, clone) if made.delivery and made.delivery.hub else first_objects(made):
        if one["kind"] == "Application":
            of_helm = one["spec"]["source"]["helm"]
            values = of_helm.get("values") or json.dumps(of_helm["valuesObject"])
            folder = clone / one["spec"]["source"]["path"]
            yield from _run(str(helm()), "template", of_helm["releaseName"], str(folder), "-f", "-", given=values)


def in_hub(made: Plan, clone: Path) -> list[Any]:
    """What there is in a hub for the cluster, after External Secrets and ApplicationSets have done their work."""
    assert made.delivery
    files = sorted((clone / "deploy/gitops" / made.facts.name / "hub" / made.delivery.hub).glob("*.yaml"))
    found = [one for path in files for one in documents(path.read_text(encoding="utf-8"))]
    found += [registered(made, one, clone) for one in found if one["kind"] == "ExternalSecret"]
    secrets = [one for one in found if one["kind"] == "Secret"]
    for one in [each for each in found if each["kind"] == "ApplicationSet"]:
        spec = one["spec"]
        (generator,) = spec["generators"]
        wanted = generator["clusters"]["selector"]["matchLabels"].items()
        (secret,) = [each for each in secrets if wanted <= each["metadata"]["labels"].items()]
        template = mapped_texts(spec["template"], {"metadata": secret["metadata"]}, clone)
        found.append({"apiVersion": one["apiVersion"], "kind": "Application", **template})
    return found


def registered(made: Plan, external: Any, clone: Path) -> Any:
    """What External Secrets makes of one: template/v2 of it is Go's text/template with the functions of sprig, as in
    Helm.
    """
    assert made.delivery
    assert made.delivery.handed
    handed = made.delivery.handed
    known = facts(made)
    parameters = {
        name: json.dumps({"facts": {each: known[each] for each in handed.names[stack]}})
        for stack, name in handed.parameters(made.facts.name).items()
    }
    data = {each["secretKey"]: parameters[each["remoteRef"]["key"]] for each in external["spec"]["data"]}
    target = external["spec"]["target"]
    made_of = mapped_texts(target["template"], data, clone)
    metadata = {"name": target["name"], "namespace": external["metadata"]["namespace"], **made_of["metadata"]}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": made_of["data"]}


_RENDERS = """\
rendered:
{{- range .Values.texts }}
- {{ tpl . $.Values.data | toJson }}
{{- end }}
"""


def mapped_texts(data: Any, over: Mapping[str, Any], folder: Path) -> Any:
    """The data with each text rendered as a template of Go, with `over` as its dot."""
    chart = folder / "renders-texts"
    (chart / "templates").mkdir(parents=True, exist_ok=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: renders-texts\nversion: 0.0.0\n", encoding="utf-8")
    (chart / "templates/texts.yaml").write_text(_RENDERS, encoding="utf-8")
    texts = sorted({*texts_in(data)})
    (made,) = _run(
        *(str(helm()), "template", "renders", str(chart), "-f", "-"), given=json.dumps({"texts": texts, "data": over})
    )
    rendered = dict(zip(texts, made["rendered"], strict=True))

    def mapped(one: Any) -> Any:
        if isinstance(one, str):
            return rendered[one]
        if isinstance(one, dict):
            return {key: mapped(item) for key, item in one.items()}
        return [mapped(item) for item in one] if isinstance(one, list) else one

    return mapped(data)


def by_argo_cd(made: Plan, clone: Path) -> Brought:
    """What its Applications bring."""
    brought = Brought()
    for one in applications(made, clone):
        source = one["spec"].get("source", {})
        if "chart" in source:
            repository = source["repoURL"]
            address = repository.partition("://")[2] or f"{repository}/{source['chart']}"
            values = source["helm"].get("valuesObject", {})
            named = one["spec"]["destination"]["namespace"], source["helm"]["releaseName"]
            brought.releases[named] = (source["chart"], address, source["targetRevision"], values)
        elif source.get("repoURL") == REPOSITORY:
            for each in _kustomized(clone / source["path"], source.get("kustomize", {}).get("patches", [])):
                brought.add(each)
    return brought


def kustomizations(made: Plan, clone: Path) -> Iterator[Any]:
    """What Flux makes of the first Kustomizations: others."""
    for one in first_objects(made):
        if one["kind"] == "Kustomization":
            yield from _kustomized(clone / one["spec"]["path"])


def of_flux(made: Plan, clone: Path) -> Iterator[Any]:
    """Kustomizations, and of charts what Flux takes them from."""
    maps = {one["metadata"]["name"]: one["data"] for one in first_objects(made) if one["kind"] == "ConfigMap"}
    for each in kustomizations(made, clone):
        yield each
        for one in _kustomized(clone / each["spec"]["path"]):
            if ".toolkit.fluxcd.io/" in one["apiVersion"]:
                named = each["spec"].get("postBuild", {}).get("substituteFrom", ())
                yield _substituted(one, {key: text for given in named for key, text in maps[given["name"]].items()})


def by_flux(made: Plan, clone: Path) -> Brought:
    """What its Kustomizations bring, but for what is Flux's own."""
    brought = Brought()
    maps = {one["metadata"]["name"]: one["data"] for one in first_objects(made) if one["kind"] == "ConfigMap"}
    sources, releases = {}, []
    for each in kustomizations(made, clone):
        if each["metadata"]["name"].endswith(".rights"):
            continue
        objects = _kustomized(clone / each["spec"]["path"])
        for reference in each["spec"].get("postBuild", {}).get("substituteFrom", ()):
            objects = [_substituted(one, maps[reference["name"]]) for one in objects]
        for one in objects:
            if one["kind"] == "HelmRelease":
                releases.append(one["spec"])
            elif one["kind"] in ("HelmRepository", "OCIRepository"):
                sources[one["kind"], one["metadata"]["name"]] = one["spec"]
            else:
                brought.add(one)
    for spec in releases:
        chart = spec.get("chart", {}).get("spec", {})
        reference = spec.get("chartRef") or chart["sourceRef"]
        source = sources[reference["kind"], reference["name"]]
        address = source["url"].partition("://")[2]
        version = chart.get("version") or source["ref"]["tag"]
        values = spec.get("values", {})
        name = chart.get("chart") or address.rpartition("/")[2]
        brought.releases[spec["targetNamespace"], spec["releaseName"]] = (name, address, version, values)
    return brought


def _substituted(one: Any, values: Mapping[str, str]) -> Any:
    """https://github.com/fluxcd/pkg/blob/envsubst/v1.7.0/envsubst/parse/scan.go: two dollars are one."""
    pattern = re.compile(r"\$\$|\$\{(\w+)\}")
    text = yaml.dump(one, Dumper=_DUMPER)
    (found,) = documents(pattern.sub(lambda found: values[found[1]] if found[1] else "$", text))
    return found


def _kustomized(folder: Path, patches: Any = ()) -> list[Any]:
    if patches:
        over = folder.parent / f"{folder.name}.patched"
        over.mkdir()
        kustomization = {"resources": [f"../{folder.name}"], "patches": patches}
        (over / "kustomization.yaml").write_text(json.dumps(kustomization), encoding="utf-8")
        folder = over
    kubectl = program_for("kubectl", "1.36")
    assert isinstance(kubectl, Path), kubectl
    return _run(str(kubectl), "kustomize", str(folder))


def _run(*command: str, given: str = "") -> list[Any]:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [one for one in documents(done.stdout) if one]
