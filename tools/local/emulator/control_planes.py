"""The real Kubernetes of each cluster, where its programs are at hand and the command asked for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import eks as service
from ministack.services import lambda_svc

from blueprint.access import AccessEntry, AccessPolicy
from blueprint.kubernetes import Manifest
from tools.kubernetes import control_plane
from tools.kubernetes.access import access_objects
from tools.kubernetes.client import Object
from tools.kubernetes.control_plane import RunningControlPlane
from tools.kubernetes.definitions import definitions
from tools.kubernetes.kubeconfig import ADMINISTRATOR, acting, file_names, username
from tools.kubernetes.objects import ApiObjects, key
from tools.kubernetes.programs import ROOT, MissingPrograms, plays_kubelets, programs_for
from tools.local.emulator import node_objects
from tools.local.kubernetes import RefusedError

_PYTHON = ROOT / ".venv" / "bin" / "python"
"""The project's own: its kubectl layers are there."""
_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OF_ACCESS = {"blueprint.local/of": "access-policies"}
# What EKS defines in clusters with Auto Mode; it publishes no definitions.
_OF_AUTO_MODE = (("IngressClassParams", "ingressclassparams"), ("NodeClass", "nodeclasses"))


@dataclass
class Running:
    """A control plane, and what the emulator knows of it."""

    plane: RunningControlPlane
    version: str
    objects: ApiObjects
    people: Path
    """The kubeconfigs of all principals that are no functions."""
    access: Mapping[tuple[str, str, str, str], Object] = field(default_factory=dict)
    """What stands for access policies."""
    nodes: dict[tuple[str, str, str, str], Object] = field(default_factory=dict)
    """With what lets Fargate take pods."""
    has_kubelets: bool = False


@dataclass
class _Settings:
    folder: Path | None = None
    """Where what is written for clusters lies, if there shall be control planes."""


settings = _Settings()
_running: dict[tuple[str, str, str], Running] = {}


def start(name: str, version: str, services: str, *, auto_mode: bool) -> None:
    """Brings it up beside a new cluster."""
    programs = programs_for(version)
    if settings.folder is None or isinstance(programs, MissingPrograms):
        return
    folder = settings.folder / "kubernetes" / f"{get_account_id()}-{get_region()}-{name}"
    plane = control_plane.start(programs, folder, services=services, python=str(_PYTHON))
    _running[_key(name)] = running = Running(plane, version, ApiObjects(plane.client()), settings.folder / name)
    running.has_kubelets = plays_kubelets(programs)
    if auto_mode:
        for one in (*_auto_mode(), *definitions("karpenter-crd")):
            _put(running, one)
    follow_access(name)


def upgrade(name: str, version: str, services: str) -> None:
    """The same etcd under the programs of another version. Without them it stays as it is."""
    running, programs = of(name), programs_for(version)
    if running is None or running.version == version or isinstance(programs, MissingPrograms):
        return
    running.objects.client.close()
    running.plane.stop()
    plane = control_plane.start(programs, running.plane.folder, services=services, python=str(_PYTHON))
    _running[_key(name)] = replace(running, plane=plane, version=version, objects=ApiObjects(plane.client()))
    follow_access(name)


def of(name: str) -> Running | None:
    """The control plane of a cluster."""
    return _running.get(_key(name))


def at(account: str, region: str, name: str) -> Running | None:
    """The same, whoever asks."""
    return _running.get((account, region, name))


def stop(name: str) -> None:
    """Ends it, with all that it wrote."""
    if running := _running.pop(_key(name), None):
        _end(running)


def stop_all() -> None:
    """Ends all of them."""
    while _running:
        _end(_running.popitem()[1])


def _end(running: Running) -> None:
    running.objects.client.close()
    running.plane.stop()
    shutil.rmtree(running.plane.folder, ignore_errors=True)
    shutil.rmtree(running.people, ignore_errors=True)


def _key(name: str) -> tuple[str, str, str]:
    return get_account_id(), get_region(), name


def applied(running: Running) -> Iterator[Manifest]:
    """All that kubectl has put there, as the API server shows it; controllers copy its mark to what they make of it."""
    for one in running.objects.everything():
        metadata = one["metadata"]
        if _APPLIED in (metadata.get("annotations") or {}) and not metadata.get("ownerReferences"):
            yield one


def define(running: Running, chart: str) -> None:
    """The definitions that a chart brings, where the chart itself is not at hand, or an add-on of EKS."""
    for one in definitions(chart):
        _put(running, one)


def release_status(running: Running, namespace: str, name: str) -> str | None:
    """What Helm keeps of a release in the cluster; None of one that it does not know.

    https://helm.sh/docs/topics/advanced/#storage-backends
    """
    selector = {"labelSelector": f"owner=helm,name={name}"}
    answer = running.objects.client.ask("GET", f"/api/v1/namespaces/{namespace}/secrets", query=selector)
    kept = [one["metadata"]["labels"] for one in answer.body.get("items") or ()]
    newest = max(kept, key=lambda labels: int(labels["version"]), default=None)
    return str(newest["status"]) if newest else None


def unasked(running: Running) -> list[str]:
    """Webhooks that the API server does not ask, since none of the programs behind them runs."""
    kinds = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
    found = [one for kind in kinds for one in running.objects.all_of("admissionregistration.k8s.io/v1", kind)]
    return sorted({hook["name"] for one in found for hook in one.get("webhooks") or ()})


def bring(running: Running, kind: str, namespace: str, name: str) -> None:
    """An empty object that an add-on or a capability of EKS brings."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    answer = running.objects.create({"apiVersion": "v1", "kind": kind, "metadata": metadata})
    if answer.refused and answer.status != 409:
        raise RefusedError(answer.refused)


def follow_access(name: str) -> None:
    """Lets the cluster know what access entries and their policies say, and writes a kubeconfig for each principal."""
    running = of(name)
    if running is None:
        return
    prefix = f"{name}\x00"
    entries = [entry for at, entry in service._access_entries.items() if at.startswith(prefix)]
    found = [_entry(name, entry) for entry in entries]
    wanted = {key(one): _marked(one) for one in access_objects(found)}
    for gone in running.access.keys() - wanted.keys():
        running.objects.delete(running.access[gone])
    for one in wanted.values():
        _put(running, one)
    running.access = wanted
    shutil.rmtree(running.people, ignore_errors=True)
    running.people.mkdir(parents=True)
    shutil.copy(running.plane.kubeconfig, running.people / f"{ADMINISTRATOR}.yaml")
    functions = {function["config"]["Role"] for function in lambda_svc._functions.values()}
    people = {
        entry.principal: entry for entry in found if entry.kind == "STANDARD" and entry.principal not in functions
    }
    for principal, file in file_names(people).items():
        to = running.people / f"{file}.yaml"
        acting(running.plane.kubeconfig, to, username(principal), people[principal].groups)


def follow_nodes(name: str) -> None:
    """Lets the cluster have the nodes that it has by what AWS and its own node pools say, and Fargate take its pods."""
    running = of(name)
    if running is None or not running.has_kubelets:
        return
    kinds = (("karpenter.k8s.aws/v1", "EC2NodeClass"), ("eks.amazonaws.com/v1", "NodeClass"))
    classes = {
        (kind, one["metadata"]["name"]): one for version, kind in kinds for one in running.objects.all_of(version, kind)
    }
    pools = running.objects.all_of("karpenter.sh/v1", "NodePool")
    policies = node_objects.fargate_policies(name, _mutating(running.objects))
    wanted = {key(one): one for one in (*policies, *node_objects.node_objects(name, pools, classes))}
    for at, held in list(running.nodes.items()):
        if wanted.get(at) != held:
            running.objects.delete(running.nodes.pop(at))
    for at in wanted.keys() - running.nodes.keys():
        answer = running.objects.create(wanted[at])
        if answer.refused:
            raise RefusedError(answer.refused)
        running.nodes[at] = wanted[at]


def follow_all_nodes() -> None:
    """The same for each cluster of the account and region, whatever has changed there."""
    for account, region, name in list(_running):
        if (account, region) == (get_account_id(), get_region()):
            follow_nodes(name)


def _mutating(objects: ApiObjects) -> str:
    """The version of the API that has admission policies which change objects."""
    group = "admissionregistration.k8s.io"
    return f"{group}/v1" if objects.kind(f"{group}/v1", "MutatingAdmissionPolicy") else f"{group}/v1beta1"


def _entry(cluster: str, entry: Mapping[str, Any]) -> AccessEntry:
    prefix = service._ae_key(cluster, entry["principalArn"]) + "\x00"
    policies = tuple(
        AccessPolicy(at.rpartition("/")[2], tuple(policy["accessScope"].get("namespaces") or ()))
        for at, policy in service._access_policies.items()
        if at.startswith(prefix)
    )
    kind = entry["type"]
    return AccessEntry(entry["principalArn"], kind, tuple(entry["kubernetesGroups"]), policies)


def _marked(one: dict[str, Any]) -> dict[str, Any]:
    """Access policies are for the names by which the API server knows principals."""
    for subject in one.get("subjects", ()):
        subject["name"] = username(subject["name"])
    return {**one, "metadata": {**one["metadata"], "labels": _OF_ACCESS}}


def _put(running: Running, one: Object) -> None:
    answer = running.objects.apply(one)
    if answer.refused:
        raise RefusedError(answer.refused)


def _auto_mode() -> Iterator[Object]:
    for kind, plural in _OF_AUTO_MODE:
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        yield {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.eks.amazonaws.com"},
            "spec": {
                "group": "eks.amazonaws.com",
                "scope": "Cluster",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
            },
        }


def call(running: Running, function: str, event: Mapping[str, Any]) -> None:
    """Has the function's own code do what an event asks for; RefusedError says why it did not."""
    config = lambda_svc._functions[function]["config"]
    folder = running.plane.folder / "function"
    code = folder / "code"
    if not code.exists():
        with zipfile.ZipFile(BytesIO(lambda_svc._functions[function]["code_zip"])) as archive:
            archive.extractall(code)
    entries = [found for at, found in service._access_entries.items() if at.endswith(f"\x00{config['Role']}")]
    groups = tuple(group for entry in entries for group in entry["kubernetesGroups"])
    acting(running.plane.kubeconfig, folder / "role.kubeconfig", username(config["Role"]), groups)
    try:
        ran = subprocess.run(
            [str(_PYTHON), "-m", "tools.local.handler", str(code), str(folder), running.version],
            cwd=ROOT,
            input=json.dumps(event),
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            timeout=int(config["Timeout"]),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RefusedError(f"Task timed out after {config['Timeout']} seconds") from None
    if ran.returncode:
        raise RefusedError(ran.stderr.strip()[-2000:])
