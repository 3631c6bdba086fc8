"""A world of `tests/isolation` as a real cluster, which answers the same questions as our evaluators."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.isolation.rbac import Rule, User
from tests.isolation.world import World
from tests.kubernetes.cluster import Cluster, wait
from tools.kubernetes.access import API
from tools.kubernetes.client import Acting, ApiAnswer
from tools.kubernetes.objects import key

Object = Mapping[str, Any]
Key = tuple[str, str, str, str]

_REVIEWS = "/apis/authorization.k8s.io/v1"
_ORDER = ("Namespace", "PriorityClass", "ServiceAccount")
_LABEL = "test/canary"


def acting(who: User) -> Acting:
    """The same person, as the API server takes it."""
    return Acting(who.name, sorted(who.groups - {"system:authenticated"}))


@dataclass
class Real:
    """One cluster, which becomes one world after the other."""

    cluster: Cluster
    held: dict[Key, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    def become(self, world: World) -> None:
        """Puts the objects of the world there, takes others away, and waits until all of them count."""
        wanted = {key(one): one for one in world.objects if self.cluster.objects.path(one)}
        self._remove([gone for gone in self.held if gone not in wanted])
        for name, one in sorted(wanted.items(), key=lambda item: _rank(item[0][1])):
            text = json.dumps(one, sort_keys=True)
            before = self.held.get(name)
            if before == text:
                continue
            if before and _fixed(one) != _fixed(json.loads(before)):
                self._remove([name])
            self._send(one)
            self.held[name] = text
        self._pass_the_canary()
        for one in wanted.values():
            if one["kind"] == "ResourceQuota":
                self._await_quota(one)
        for space in world.owner:
            self.cluster.client.ask("DELETE", f"/api/v1/namespaces/{space}/pods", query={"gracePeriodSeconds": "0"})
            where = f"service account of {space}"
            wait(lambda space=space: self.cluster.exists("v1", "ServiceAccount", "default", space), where)

    def _remove(self, names: list[Key]) -> None:
        """Namespaces stay, without their labels: it takes seconds until one is gone."""
        for name in names:
            one = json.loads(self.held.pop(name))
            if one["kind"] == "Namespace":
                self._send({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": one["metadata"]["name"]}})
            else:
                answer = self.cluster.objects.delete(one)
                assert not answer.refused, answer.refused

    def _send(self, one: Object) -> None:
        answer = self.cluster.apply(one)
        assert not answer.refused, f"{key(one)}: {answer.refused}"

    def _pass_the_canary(self) -> None:
        """What comes last of its kind counts, so everything before it does."""
        name = f"canary-{next(self._numbers)}"
        subject = {"kind": "User", "name": name, "apiGroup": API}
        rule = {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}
        policy = {
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {_LABEL: name}},
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}
                ],
            },
            "validations": [{"expression": f"object.metadata.name != '{name}'", "message": name}],
        }
        admission = "admissionregistration.k8s.io/v1"
        rbac = f"{API}/v1"
        for role, inside in (("Role", {"namespace": "default"}), ("ClusterRole", {})):
            metadata = {"name": "canary", **inside}
            reference = {"apiGroup": API, "kind": role, "name": "canary"}
            self._send({"apiVersion": rbac, "kind": role, "metadata": metadata, "rules": [{**rule, "verbs": [name]}]})
            binding = {"metadata": metadata, "roleRef": reference, "subjects": [subject]}
            self._send({"apiVersion": rbac, "kind": f"{role}Binding", **binding})
        space = {"name": "default", "labels": {_LABEL: name}}
        self._send({"apiVersion": "v1", "kind": "Namespace", "metadata": space})
        kind = "ValidatingAdmissionPolicy"
        self._send({"apiVersion": admission, "kind": kind, "metadata": {"name": "canary"}, "spec": policy})
        bound = {"policyName": "canary", "validationActions": ["Deny"]}
        self._send({"apiVersion": admission, "kind": f"{kind}Binding", "metadata": {"name": "canary"}, "spec": bound})
        who = User(name)
        wait(lambda: self.can(who, name, "configmaps", namespace="default"), "roles of a namespace")
        wait(lambda: self.can(who, name, "configmaps", namespace="kube-public"), "roles of the cluster")
        probe = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}}
        wait(lambda: self.cluster.objects.create(probe, dry_run=True).refused, "admission policies")

    def _await_quota(self, one: Object) -> None:
        path = self.cluster.objects.path(one)
        assert path

        def counted() -> bool:
            found = self.cluster.client.ask("GET", path).body
            return bool(found.get("status", {}).get("hard") == found["spec"]["hard"])

        wait(counted, f"quota of {one['metadata']['namespace']}")

    def can(
        self,
        who: User,
        verb: str,
        resource: str,
        *,
        group: str = "",
        subresource: str = "",
        namespace: str = "",
        name: str = "",
    ) -> bool:
        """By the authorizer."""
        attributes = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
        attributes |= {"namespace": namespace, "name": name}
        spec = {"user": who.name, "groups": sorted(who.groups), "resourceAttributes": attributes}
        answer = self.cluster.client.ask("POST", f"{_REVIEWS}/subjectaccessreviews", {"spec": spec})
        assert not answer.refused, answer.refused
        return bool(answer.body["status"]["allowed"])

    def rules(self, who: User, namespace: str) -> list[Rule]:
        """All that the authorizer finds for somebody in a namespace."""
        body = {"spec": {"namespace": namespace}}
        answer = self.cluster.client.ask("POST", f"{_REVIEWS}/selfsubjectrulesreviews", body, acting=acting(who))
        assert not answer.refused, answer.refused
        assert not answer.body["status"]["incomplete"]
        found: list[Rule] = answer.body["status"]["resourceRules"]
        return found

    def create(self, one: Object, who: User | None = None) -> str | None:
        """Why it is not created; None if it would be."""
        return reason(self.cluster.objects.create(one, dry_run=True, acting=acting(who) if who else None))

    def change(self, one: Object, subresource: str = "", who: User | None = None) -> str | None:
        """Why what is there may not become this."""
        path = self.cluster.objects.path(one)
        where = f"{path}/{subresource}" if subresource else f"{path}"
        by = acting(who) if who else None
        return reason(self.cluster.client.ask("PUT", where, one, query={"dryRun": "All"}, acting=by))

    def given(self, pod: Object) -> object:
        """What the first container of a pod would get, or why the pod would not be created."""
        answer = self.cluster.objects.create(pod, dry_run=True)
        return reason(answer) if answer.refused else answer.body["spec"]["containers"][0].get("resources", {})

    @contextmanager
    def quotas(self, namespaces: Iterable[str], *, full: bool) -> Iterator[None]:
        """While all or nothing of the quotas is used, by what they say themselves: admission asks nobody else."""
        before: dict[str, dict[str, Any]] = {}
        for namespace in namespaces:
            path = f"/api/v1/namespaces/{namespace}/resourcequotas"
            for one in self.cluster.client.ask("GET", path).body["items"]:
                before[f"{path}/{one['metadata']['name']}/status"] = one["status"]
        for path, status in before.items():
            self._use(path, status["hard"] if full else dict.fromkeys(status["hard"], "0"))
        name = f"canary-{next(self._numbers)}"
        metadata = {"name": name, "namespace": "default"}
        quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata}
        self._send({**quota, "spec": {"hard": {"count/leases.coordination.k8s.io": "0"}}})
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
        wait(lambda: name in (self.cluster.objects.create(lease, dry_run=True).refused or ""), "quotas")
        assert not self.cluster.objects.delete(quota).refused
        try:
            yield
        finally:
            for path, status in before.items():
                self._use(path, status["used"])

    def _use(self, path: str, used: Mapping[str, str]) -> None:
        merge = "application/merge-patch+json"
        answer = self.cluster.client.ask("PATCH", path, {"status": {"used": used}}, content=merge)
        assert not answer.refused, answer.refused

    def exceeded(self, one: Object) -> list[str]:
        """What of a quota one more object would exceed, or what else refuses it."""
        told = self.cluster.objects.create(one, dry_run=True).refused
        found = re.search(r"exceeded quota: \S+, requested: (\S+), used: ", told or "")
        if found:
            return sorted(each.partition("=")[0] for each in found[1].split(","))
        return [told] if told else []

    def there(self, one: Object) -> dict[str, Any] | None:
        """The object as it is now, which is created unless it is there; None where it is refused."""
        self.cluster.objects.create(one)
        path = self.cluster.objects.path(one)
        answer = self.cluster.client.ask("GET", f"{path}")
        if answer.refused:
            return None
        found: dict[str, Any] = copy.deepcopy(answer.body)
        # The scheduler may say something about it at any time.
        del found["metadata"]["resourceVersion"]
        return found


def _fixed(one: Object) -> object:
    """What cannot be changed in an object."""
    return one.get("roleRef"), one["spec"].get("scopes") if one["kind"] == "ResourceQuota" else None


def _rank(kind: str) -> int:
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


_REASONS = (
    (r"ValidatingAdmissionPolicy '[^']+' with binding '[^']+' denied request: (.*)$", r"\1"),
    (r'violates PodSecurity "', "Pod Security"),
    (r"exceeded quota|failed quota", "quota"),
    (r"maximum \S+ usage per Container", "limit"),
)


def reason(answer: ApiAnswer) -> str | None:
    """The message of the policy that refused it, or what else did; None if nothing did."""
    told = answer.refused
    for pattern, short in _REASONS if told else ():
        if found := re.search(pattern, told or "", re.DOTALL):
            return found.expand(short) if "\\" in short else short
    return told
