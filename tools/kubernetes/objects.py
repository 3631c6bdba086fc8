"""Objects at an API server: where they are, and how they get there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.kubernetes.client import Acting, ApiAnswer, Client, NoAnswerError, Object

MANAGER = "blueprint"
_NOT_FOUND = 404
"""Of a kind that has gone since it was listed."""
_APPLY = "application/apply-patch+yaml"


@dataclass(frozen=True)
class ApiKind:
    """What an API server says of one kind of object."""

    resource: str
    namespaced: bool
    verbs: frozenset[str]


@dataclass
class ApiObjects:
    """All objects of one cluster, as an administrator or somebody else reaches them."""

    client: Client
    _kinds: dict[str, dict[str, ApiKind]] = field(default_factory=dict, repr=False)

    def kind(self, api_version: str, name: str) -> ApiKind | None:
        """None for one that the API server does not know."""
        if name not in self._kinds.get(api_version, ()):
            answer = self.client.ask("GET", _root(api_version))
            listed = answer.body.get("resources", ()) if answer.status == 200 else ()
            self._kinds[api_version] = {
                one["kind"]: ApiKind(one["name"], one["namespaced"], frozenset(one["verbs"]))
                for one in listed
                if "/" not in one["name"]
            }
        return self._kinds[api_version].get(name)

    def path(self, one: Object, *, named: bool = True) -> str | None:
        """Where an object is, or those of its kind."""
        kind = self.kind(one["apiVersion"], one["kind"])
        if kind is None:
            return None
        metadata = one["metadata"]
        namespace = f"/namespaces/{metadata.get('namespace', 'default')}" if kind.namespaced else ""
        name = f"/{metadata['name']}" if named else ""
        return f"{_root(one['apiVersion'])}{namespace}/{kind.resource}{name}"

    def create(self, one: Object, *, acting: Acting | None = None, dry_run: bool = False) -> ApiAnswer:
        """Refused where it is there already, and with any field that the API server does not know."""
        return self._send("POST", one, self.path(one, named=False), acting, dry_run=dry_run)

    def apply(self, one: Object, *, acting: Acting | None = None, dry_run: bool = False) -> ApiAnswer:
        """As `kubectl apply --server-side --force-conflicts --validate=strict`."""
        return self._send("PATCH", one, self.path(one), acting, dry_run=dry_run)

    def delete(self, one: Object) -> ApiAnswer:
        """It may take the API server a while."""
        return self._send("DELETE", None, self.path(one), None, dry_run=False)

    def _send(
        self, method: str, one: Object | None, path: str | None, acting: Acting | None, *, dry_run: bool
    ) -> ApiAnswer:
        if path is None:
            return ApiAnswer(404, {"message": "no matches for this kind: ensure CRDs are installed first"})
        query = {"dryRun": "All"} if dry_run else {}
        if method == "PATCH":
            query |= {"fieldManager": MANAGER, "force": "true"}
        if one is not None:
            query["fieldValidation"] = "Strict"
        content = _APPLY if method == "PATCH" else "application/json"
        return self.client.ask(method, path, one, query=query, content=content, acting=acting)

    def get(self, one: Object) -> dict[str, Any] | None:
        """The object of this name as it is; None of one that is not there."""
        path = self.path(one)
        answer = self.client.ask("GET", path) if path else None
        if answer is None or answer.status == _NOT_FOUND:
            return None
        if answer.refused:
            raise NoAnswerError(answer.refused)
        return dict(answer.body)

    def all_of(self, api_version: str, name: str) -> list[dict[str, Any]]:
        """The objects of one kind; none of a kind that the API server does not know."""
        kind = self.kind(api_version, name)
        answer = self.client.ask("GET", f"{_root(api_version)}/{kind.resource}") if kind else None
        if answer is None or answer.status == _NOT_FOUND:
            return []
        if answer.refused:
            raise NoAnswerError(answer.refused)
        return list(answer.body["items"])

    def everything(self) -> Iterator[dict[str, Any]]:
        """Each object of the cluster, once, whatever its kind."""
        for api_version in self.api_versions():
            self.kind(api_version, "")
            for name, kind in self._kinds[api_version].items():
                if "list" not in kind.verbs:
                    continue
                answer = self.client.ask("GET", f"{_root(api_version)}/{kind.resource}")
                if answer.refused and answer.status != _NOT_FOUND:
                    raise NoAnswerError(answer.refused)
                for one in answer.body.get("items") or ():
                    yield {"apiVersion": api_version, "kind": name, **one}

    def api_versions(self) -> list[str]:
        """Of each group the version that it prefers."""
        groups = self.client.ask("GET", "/apis").body["groups"]
        return ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]


def key(one: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """API group, kind, namespace ("" outside of any), name."""
    group = one["apiVersion"].rpartition("/")[0]
    metadata = one["metadata"]
    return group, one["kind"], metadata.get("namespace", ""), metadata["name"]


def _root(api_version: str) -> str:
    return f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
