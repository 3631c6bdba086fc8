"""Objects of the platform's own, without a chart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any, Literal

from blueprint import manifests
from blueprint.addons.by_value import ByValue
from blueprint.addons.helm import own_namespace
from blueprint.contribution import Contribution, Grant, merged
from blueprint.errors import FieldPath, Problem, Quoted, duplicates
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel
from blueprint.kubernetes import BUILT_IN, CLUSTER_SCOPED, RESERVED_NAMESPACES, Manifest, PodSecurity
from blueprint.manifests import Directory
from blueprint.references import role_arn
from blueprint.workload import Workload

_ELSEWHERE = {
    "Namespace": "leave it out: `namespace` is made, with its Pod Security level",
    "Secret": "keep it in AWS Secrets Manager, and let ExternalSecrets() copy it",
}
"""Kinds that stand elsewhere, and how."""
_KINDS: Mapping[tuple[str, str], Literal["Deployment", "StatefulSet", "DaemonSet", "Job"]] = {
    ("Deployment", "apps/v1"): "Deployment",
    ("ReplicaSet", "apps/v1"): "Deployment",
    ("StatefulSet", "apps/v1"): "StatefulSet",
    ("DaemonSet", "apps/v1"): "DaemonSet",
    ("Job", "batch/v1"): "Job",
    ("CronJob", "batch/v1"): "Job",
    ("Pod", "v1"): "Job",
}
"""Kinds that make pods, and as what these are placed. https://kubernetes.io/docs/concepts/workloads/"""
_KIND = re.compile(r"[A-Z][A-Za-z0-9]{0,62}", re.ASCII)
_API_VERSION = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?v[a-z0-9]{1,62}", re.ASCII)


class KubernetesManifests(ByValue):
    """The .yaml and .yml files of a directory of this project, those of directories below it included.

    Objects are as they are written; one without a namespace gets `namespace`, unless its kind stands outside of any.
    Fields are checked against the schemas of the cluster's Kubernetes version. Of custom resources nobody knows them,
    and their definitions come with an add-on that stands in `after`.
    """

    name: DnsLabel  # type: ignore[misc]  # each is an add-on of its own, while a class is one
    """Unique in the cluster."""
    directory: Directory = field(kw_only=True)
    """From the root of this project, without links out of it."""
    namespace: DnsLabel = field(kw_only=True)
    """Its own: it is made before, and removed with the add-on; or one that belongs to Kubernetes."""
    pod_security: PodSecurity = field(default="baseline", kw_only=True)
    """Level of the namespace: the strictest under which its pods run."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        # YAML and schemas are for those who have manifests.
        from blueprint.manifests.clear_text import secrets_told
        from blueprint.manifests.files import read

        documents, problems = read(manifests.ROOT, self.directory)
        yield from problems
        names: list[tuple[FieldPath, str]] = []
        defined: set[str] = set()
        for document in documents:
            data = document.data
            if not _is_object(data):
                fix = "write apiVersion, kind and metadata with a name"
                yield document.problem((), Quoted("<no object>"), "must be a Kubernetes object", fix)
                continue
            name = "/".join((data["kind"], self._namespace(data), data["metadata"]["name"]))
            names.append(((document.place(),), name))
            if data["kind"] == "CustomResourceDefinition" and isinstance(data.get("spec"), Mapping):
                defined.add(str(data["spec"].get("group")))
            if found := list(secrets_told(document)):
                yield from found
                continue
            yield from self._judged(document, facts.version)
        for document in documents:
            if _is_object(document.data) and _group(document.data) in defined:
                rule = "kubectl applies it together with its definition, which is not ready then"
                fix = "put the definition into a directory of its own: KubernetesManifests, named in `after`"
                yield document.problem((), document.data["kind"], rule, fix)
        for twice in duplicates(names, "object", "remove one of them"):
            yield replace(twice, path=(), file=twice.place)

    def _judged(self, document: Any, version: str) -> Iterator[Problem]:
        from blueprint.manifests.schema import errors, knows

        data = document.data
        kind, namespace = data["kind"], data["metadata"].get("namespace")
        if kind in _ELSEWHERE:
            yield document.problem(("kind",), kind, "no object of this kind is written here", _ELSEWHERE[kind])
        elif namespace not in (None, self.namespace, *RESERVED_NAMESPACES):
            rule = f"must be in {self.namespace}, or in a namespace that belongs to Kubernetes"
            fix = "leave it out, or write it at the add-on or team that has the namespace"
            yield document.problem(("metadata", "namespace"), namespace, rule, fix)
        elif knows(kind, data["apiVersion"], version):
            wrong = [document.problem(*error) for error in errors(data, version)]
            yield from wrong or self._refused(document)
        elif _group(data) in BUILT_IN:
            rule = f"Kubernetes {version} has no {kind} in {data['apiVersion']}"
            yield document.problem(("apiVersion",), data["apiVersion"], rule, "write the version that it has")

    def _refused(self, document: Any) -> Iterator[Problem]:
        """Pods that their namespace would not admit; Kubernetes' own namespaces admit all."""
        from blueprint.manifests.pod_security import template, violations

        data = document.data
        way, pods = template(data)
        if not pods or self.namespace in RESERVED_NAMESPACES or self._namespace(data) != self.namespace:
            return
        for below, must in violations(pods, self.pod_security) if self.pod_security != "privileged" else ():
            rule = f"{'.'.join(map(str, below))} {must}: {self.namespace} has the level {self.pod_security}"
            fix = "correct it, or write a wider pod_security"
            yield document.problem((*way, *below), data["metadata"]["name"], rule, fix)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        from blueprint.manifests.files import read

        documents, _ = read(manifests.ROOT, self.directory)
        objects = [self._placed(document.data) for document in documents]
        with_pods = (each for each in objects if (each["kind"], each["apiVersion"]) in _KINDS)
        workloads = tuple(_workload(each, self.namespace) for each in with_pods)
        grant = None
        if self.service_account and self._may_call_aws:
            grant = facts.grant(self.namespace, self.service_account, *self.permissions, workloads=workloads)
            objects = [_annotated(each, grant) for each in objects]
        return Contribution(
            grants=(grant,) if grant else (),
            namespaces=own_namespace(self.namespace, self.pod_security),
            objects=tuple(objects),
            workloads=workloads,
            aws_services=self.endpoints,
        )

    def _placed(self, data: Manifest) -> Manifest:
        namespace = self._namespace(data)
        return {**data, "metadata": {**data["metadata"], "namespace": namespace}} if namespace else data

    def _namespace(self, data: Manifest) -> str:
        own = data["metadata"].get("namespace")
        if own or data["kind"] in CLUSTER_SCOPED:
            return str(own or "")
        return self.namespace if _group(data) in BUILT_IN else ""


def _is_object(data: Any) -> bool:
    metadata = data.get("metadata") if isinstance(data, Mapping) else None
    if not isinstance(metadata, Mapping):
        return False
    texts = (data.get("apiVersion"), data.get("kind"), metadata.get("name"), metadata.get("namespace", ""))
    if not all(isinstance(text, str) for text in texts):
        return False
    return bool(_KIND.fullmatch(data["kind"]) and _API_VERSION.fullmatch(data["apiVersion"]))


def _group(data: Manifest) -> str:
    return str(data["apiVersion"].rpartition("/")[0])


def _annotated(data: Manifest, grant: Grant) -> Manifest:
    """The service account with its role, where pods on Fargate need that."""
    own = (data["kind"], data["metadata"].get("namespace"), data["metadata"]["name"])
    if not grant.irsa or own != ("ServiceAccount", grant.namespace, grant.service_account):
        return data
    return merged(data, {"metadata": {"annotations": {"eks.amazonaws.com/role-arn": role_arn(grant.name)}}})


def _workload(data: Manifest, namespace: str) -> Workload:
    """What places its pods, as the manifest says it."""
    from blueprint.manifests.pod_security import template

    whole = data.get("spec") or {}
    _, pods = template(data)
    spec = pods.get("spec") or {}
    of_job = (whole.get("jobTemplate") or {}).get("spec") or {}
    ports = {port["containerPort"] for each in spec.get("containers", ()) for port in each.get("ports") or ()}
    return Workload(
        data["metadata"]["name"],
        kind=_KINDS[data["kind"], data["apiVersion"]],
        namespace=data["metadata"].get("namespace", namespace),
        labels=(pods.get("metadata") or {}).get("labels") or {},
        service_account=spec.get("serviceAccountName", ""),
        replicas=whole.get("replicas", whole.get("parallelism", of_job.get("parallelism", 1))),
        tolerations=tuple(spec.get("tolerations") or ()),
        node_selector=spec.get("nodeSelector") or {},
        ports=tuple(sorted(ports)),
        on_fargate=data["kind"] != "DaemonSet",
    )
