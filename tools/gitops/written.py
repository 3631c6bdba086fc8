"""Kubernetes objects as YAML files that every parser reads alike, and that differ where the objects do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from blueprint.kubernetes import Manifest

HEADER = "# Written by make gitops: change the blueprint, and run it again.\n"
# YAML 1.1, which PyYAML writes, and what Kubernetes reads differ about numbers and switches: 1e3, 0o17, y. Text that
# might be one is quoted; no number begins with a letter.
_PLAIN = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*")
_SWITCH = re.compile(r"(y|n|yes|no|on|off|true|false|null|nan|inf)", re.IGNORECASE)


class _Dumper(yaml.SafeDumper):
    """Without anchors, of which a reader would have to look for the text elsewhere."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
    if "\n" in data:
        style: str | None = "|"
    else:
        style = None if _PLAIN.fullmatch(data) and not _SWITCH.fullmatch(data) else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style)


_Dumper.add_representer(str, _text)


def as_yaml(*documents: Any, header: str = HEADER) -> str:
    """With our header; mappings in their own order."""
    return header + yaml.dump_all(
        map(_plain, documents), Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True
    )


def names_of_files(objects: Iterable[Manifest]) -> Mapping[str, Manifest]:
    """The objects by the names of their files, in their order."""
    found: dict[str, Manifest] = {}
    for one in objects:
        metadata = one["metadata"]
        words = [one["kind"], metadata.get("namespace", ""), metadata["name"]]
        stem = re.sub(r"[^a-z0-9.]+", "-", "-".join(filter(None, words)).lower())[:200]
        name, number = f"{stem}.yaml", 1
        while name in found:
            number += 1
            name = f"{stem}-{number}.yaml"
        found[name] = one
    return found


def folder_of(objects: Iterable[Manifest]) -> Mapping[str, str]:
    """A folder for Kustomize."""
    files = names_of_files(objects)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [*files],
    }
    return {"kustomization.yaml": as_yaml(kustomization), **{name: as_yaml(one) for name, one in files.items()}}


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {key: _plain(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(item) for item in data]
    return data
