"""What the chart of an add-on installs, written down from the chart itself: `addons/contracts/<add-on>.json`.

Each add-on class says much of its chart that nobody could check without it: which pods run, what these listen on, from
where their images come, under which Pod Security level they start. A contract has the same from the chart in its locked
version, rendered by the Helm that will install it, with the values of a typical use. It is committed, so that tests
need no chart, and a pull request that moves a version shows what the new one brings.

EKS shows no charts of its add-ons. Of one that it builds from a chart which its project publishes, the contract is of
that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from app import ROOT
from blueprint.addons import Addon, EksAddon, HelmAddon
from blueprint.contribution import Release, merged, split_image
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest, PodSecurity
from blueprint.manifests import pod_security
from blueprint.quantity import amount
from blueprint.references import resolved
from blueprint.versions import DEFAULT
from tools.charts.results import Outcome, Render, Rendered
from tools.outputs import refuse_links
from tools.placeholders import Placeholders
from tools.reference.values import classes as all_classes
from tools.review import pods
from tools.review.manifests import Objects, name_in, title
from tools.review.sections.charts import without_secrets

FOLDER = ROOT / "addons" / "contracts"
Contract = Mapping[str, Any]

FACTS = ClusterFacts(
    name="typical",
    account="111111111111",
    region="us-west-2",
    version=DEFAULT,
    architectures=frozenset({"amd64", "arm64"}),
    has_nodes=True,
    auto_mode=False,
    load_balancer_ranges=("10.0.0.0/20", "10.0.16.0/20", "10.0.32.0/20"),
    internal_load_balancer_ranges=("10.0.64.0/18", "10.0.128.0/18", "10.0.192.0/18"),
)
"""The cluster of a typical use."""
_OTHER = "another-value"
_MIRROR = "mirror.example.com"
_PUT_IN = "auto"
"""Istio's: https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/#customizing-injection"""
_LEVELS: tuple[PodSecurity, ...] = ("restricted", "baseline")
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod")
_WEBHOOKS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
_OF_A_VERSION = ("app.kubernetes.io/version", "version", "helm.sh/chart", "chart")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def classes() -> list[type[EksAddon | HelmAddon]]:
    """Those of the product and of the user that are installed from a chart, by their names."""
    found = all_classes()
    charted: list[type[EksAddon | HelmAddon]] = [
        *(cls for cls in found if issubclass(cls, HelmAddon) and hasattr(cls, "chart")),
        *(cls for cls in found if issubclass(cls, EksAddon) and cls.upstream),
    ]
    return sorted(charted, key=lambda cls: str(cls.name))


def typical(cls: type[EksAddon | HelmAddon]) -> EksAddon | HelmAddon:
    """An add-on as its class says that it is used."""
    return cls(**cls.typical)


def releases(addon: Addon, facts: ClusterFacts = FACTS) -> tuple[Release, ...]:
    """Of a typical cluster; of an add-on of EKS as if Helm installed what it is built from."""
    made = addon.contribute(facts)
    if not isinstance(addon, EksAddon) or not addon.upstream:
        return made.releases
    (managed,) = made.managed_addons
    values = merged(managed.configuration, addon.upstream_values(facts))
    return (Release(addon.name, addon.upstream, addon.namespace, values),)


def path_of(addon: str, folder: Path | None = None) -> Path:
    """Where the contract of an add-on is kept."""
    return (folder or FOLDER) / f"{addon}.json"


def read(addon: str, folder: Path | None = None) -> Mapping[str, Contract]:
    """The contract of each of its releases; none where nobody had the charts."""
    path = path_of(addon, folder)
    found: Mapping[str, Contract] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def write(addon: str, contract: Mapping[str, Contract]) -> None:
    """Puts it there, in the place of an older one."""
    refuse_links(path_of(addon), FOLDER)
    FOLDER.mkdir(exist_ok=True)
    path_of(addon).write_text(f"{json.dumps(contract, indent=1)}\n", encoding="utf-8", newline="\n")


def repository(image: str) -> str:
    """Of an image, without its tag and digest."""
    return re.sub(r"(:[^:/]+)?(@.*)?$", "", image)


def repositories(rendered: Iterable[Rendered]) -> set[str]:
    """Of the images that stand in objects."""
    return {repository(image) for one in rendered for image in _images({name_in(each): each for each in one.objects})}


def _images(objects: Objects) -> Iterator[str]:
    """Of containers, but for those into which a webhook puts one."""
    return (image for _, image in pods.images(objects) if image != _PUT_IN)


def made_for(release: Release) -> Mapping[str, str]:
    """What a contract is of; with another chart, version or values it says nothing."""
    given = json.dumps(resolved(release.values, Placeholders(partition="aws")), sort_keys=True)
    return {
        "chart": release.chart.name,
        "version": release.chart.version,
        "kubernetes": DEFAULT,
        "values": f"sha256:{sha256(given.encode()).hexdigest()}",
    }


def contract(
    release: Release,
    rendered: Rendered,
    images: Iterable[str] = (),
    *,
    followed: Iterable[str] = (),
    unmirrored: Iterable[str] = (),
) -> Contract:
    """Of a release, from the objects that its chart rendered to.

    `images` are repositories of those that its pods run; one that stands in no object is written without a tag.
    `followed` are the paths of values that its class knows, of which the chart makes something, and `unmirrored` the
    images that come from no mirror of the blueprint's.
    """
    objects = {name_in(each): each for each in rendered.objects}
    found = {*_images(objects)}
    found |= {*images} - {repository(image) for image in found}
    return {
        **made_for(release),
        "objects": sorted(map(title, objects)),
        "definitions": sorted(own for (kind, _, own) in objects if kind.startswith("CustomResourceDefinition.")),
        "images": sorted(found),
        "pods": {title(name): _pods(each) for name, each in sorted(objects.items()) if each["kind"] in _WORKLOADS},
        "roles": _roles(objects),
        "webhooks": sorted(_webhooks(rendered.objects)),
        "follows": sorted(followed),
        "unmirrored": sorted(unmirrored),
    }


def _pods(manifest: Manifest) -> dict[str, Any]:
    """Of a workload: how many, and what places and bounds them."""
    _, template = pod_security.template(manifest)
    spec = template.get("spec") or {}
    found = {
        "replicas": (manifest.get("spec") or {}).get("replicas"),
        "labels": _labels(template),
        "service_account": spec.get("serviceAccountName"),
        "priority": spec.get("priorityClassName"),
        "tolerations": spec.get("tolerations"),
        "ports": sorted(set(_ports(spec))),
        "requests": _requests(spec),
        "level": next((level for level in _LEVELS if not any(pod_security.violations(template, level))), "privileged"),
        "privileges": sorted({what for _, what in pods.privileges({name_in(manifest): manifest})}),
    }
    return {key: value for key, value in found.items() if value not in (None, [], {})}


def _labels(template: Manifest) -> dict[str, str]:
    """Those by which somebody may choose the pods: not the version, which moves."""
    labels: Mapping[str, str] = (template.get("metadata") or {}).get("labels") or {}
    return {key: labels[key] for key in sorted(labels) if key not in _OF_A_VERSION}


def _ports(spec: Manifest) -> Iterator[int]:
    """On which the containers listen: those that they declare, and those that are probed."""
    for container in pods.containers(spec):
        yield from (port["containerPort"] for port in container.get("ports") or ())
        for probe in _PROBES:
            for kind in ("httpGet", "tcpSocket", "grpc"):
                port = ((container.get(probe) or {}).get(kind) or {}).get("port")
                if isinstance(port, int):
                    yield port


def _requests(spec: Manifest) -> dict[str, str]:
    """Of all containers that run together: CPU in millicores, memory in MiB."""
    found = {}
    for name, unit, factor in (("cpu", "m", 1000), ("memory", "Mi", 2**-20)):
        asked = [((each.get("resources") or {}).get("requests") or {}).get(name) for each in spec.get("containers", ())]
        if any(asked):
            total = sum(amount(str(each)) or 0 for each in asked)
            found[name] = f"{round(total * factor)}{unit}"
    return found


def _roles(objects: Objects) -> dict[str, Any]:
    """Of each role: which service accounts have it, and what it lets them do with what."""
    found: dict[str, Any] = {}
    for role, power in pods.powers(objects):
        verb, _, thing = power.partition(" ")
        may = found.setdefault(role, {"accounts": [], "may": {}})["may"]
        may.setdefault(thing, []).append(verb)
    bindings = [each for each in objects.items() if each[0][0].endswith("RoleBinding.rbac.authorization.k8s.io")]
    for (_, namespace, _), binding in bindings:
        kind = binding["roleRef"]["kind"]
        within = namespace if kind == "Role" else ""
        role = title((f"{kind}.rbac.authorization.k8s.io", within, binding["roleRef"]["name"]))
        accounts = {f"{each.get('namespace', namespace)}/{each['name']}" for each in binding.get("subjects") or ()}
        where = {f"{account} in {namespace}" if namespace and not within else account for account in accounts}
        own = found.setdefault(role, {"accounts": [], "may": {}})
        own["accounts"] = sorted({*own["accounts"], *where})
    return {
        role: {"accounts": own["accounts"], "may": {key: " ".join(sorted(set(own["may"][key]))) for key in own["may"]}}
        for role, own in sorted(found.items())
    }


def _webhooks(objects: Iterable[Manifest]) -> Iterator[str]:
    """Each with what happens while nobody answers it; by default the request fails."""
    for manifest in objects:
        if manifest["kind"] in _WEBHOOKS:
            for webhook in manifest.get("webhooks") or ():
                yield f"{manifest['kind']} {webhook['name']}: {webhook.get('failurePolicy', 'Fail')}"


def unread(release: Release, render: Render, defaults: Mapping[str, Any]) -> list[str]:
    """Paths of values that the chart does not read: it has no such default, and renders the same whatever they are."""
    paths = [path for path in _leaves(release.values) if not _has(defaults, path)]
    without = [replace(release, values=_put(release.values, path)) for path in paths]
    other = [replace(release, values=_put(release.values, path, _OTHER)) for path in paths]
    whole, *found = (_comparable(each) for each in render([release, *without, *other], DEFAULT))
    pairs = zip(paths, found[: len(paths)], found[len(paths) :], strict=True)
    return [".".join(path) for path, *changed in pairs if changed == [whole, whole]]


def known_paths(addon: EksAddon | HelmAddon) -> dict[str, Any]:
    """Paths of values by which the class knows what of its pods is otherwise, each with such a value."""
    found: dict[str, Any] = {}
    for each in addon.workloads:
        for paths, other in (
            (each.replicas_at, 7),
            (each.cpu_at, "77m"),
            (each.ports_at, 7777),
            (each.tolerations_at, [{"key": _OTHER, "operator": "Exists"}]),
            (each.node_selector_at, {_OTHER: _OTHER}),
        ):
            found |= dict.fromkeys(paths, other)
    for image in addon.images if isinstance(addon, HelmAddon) else ():
        found |= dict.fromkeys(image.at, f"{_OTHER}.example.com/image")
        found |= dict.fromkeys(image.registry_at, f"{_OTHER}.example.com")
    return found


def unmirrored(addon: EksAddon | HelmAddon, name: str, render: Render) -> list[str]:
    """Images of a release that do not come from mirrors of all registries, or why its chart cannot be rendered with
    them; EKS has its own registry for its add-ons.
    """
    if isinstance(addon, EksAddon):
        return []
    hosts = {split_image(image)[0] for image in addon.contribute(FACTS).images}
    facts = replace(FACTS, image_mirrors=tuple((host, f"{_MIRROR}/{host}") for host in sorted(hosts)))
    (found,) = (each for each in releases(addon, facts) if each.name == name)
    (outcome,) = render([found], DEFAULT)
    if not isinstance(outcome, Rendered):
        return [outcome.reason]
    objects = {name_in(each): each for each in outcome.objects}
    return [image for image in _images(objects) if not image.startswith(f"{_MIRROR}/")]


def followed(release: Release, render: Render, paths: Mapping[str, Any]) -> list[str]:
    """The paths at which the other value changes what the chart renders."""
    others = [replace(release, values=_put(release.values, tuple(path.split(".")), paths[path])) for path in paths]
    whole, *found = (_comparable(each) for each in render([release, *others], DEFAULT))
    return [path for path, other in zip(paths, found, strict=True) if isinstance(other, list) and other != whole]


def _comparable(outcome: Outcome) -> Any:
    return without_secrets(list(outcome.objects)) if isinstance(outcome, Rendered) else outcome


def _leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths to all that is no mapping with something in it."""
    if isinstance(values, Mapping) and values:
        for key, value in values.items():
            yield from _leaves(value, (*path, key))
    else:
        yield path


def _has(values: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(values, Mapping) or key not in values:
            return False
        values = values[key]
    return True


def _put(values: Mapping[str, Any], path: tuple[str, ...], value: Any = None) -> dict[str, Any]:
    """The values with another one there; None takes one away, as Helm has it."""
    key, *below = path
    return {**values, key: _put(values.get(key) or {}, tuple(below), value) if below else value}
