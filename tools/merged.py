"""Assemblies of one cluster each, as the one that the CDK writes of all of them: the same bytes."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_MANIFEST, _TREE = "manifest.json", "tree.json"
_REPORT = "validation-report.json"
"""What rules say of templates; only where some ran."""
_ASSET = re.compile(r'"(?:\.\./)?(asset\.[0-9a-f]{64}(?:\.\w+)?)"')


def merge(parts: Sequence[Path], out: Path) -> None:
    """Moves the assemblies of clusters into a folder, in this order, and writes what names them all.

    What an earlier run wrote of the same clusters goes.
    """
    manifests, trees = ([_read(part / name) for part in parts] for name in (_MANIFEST, _TREE))
    for part in parts:
        for name in assets_of(part):
            share(part / name, out / name)
        for path in [*part.iterdir()]:
            if path.name not in (_MANIFEST, _TREE, _REPORT) and not path.name.startswith("asset."):
                target = out / path.name
                if target.is_dir():  # of an earlier run
                    shutil.rmtree(target)
                target.unlink(missing_ok=True)  # cdk.out, the version of the format, is in each
                shutil.move(path, target)
    if reports := [_read(path) for path in (part / _REPORT for part in parts) if path.exists()]:
        _write(out / _REPORT, _report(reports), indent=2)
    first, of_all = manifests[0], [item for each in manifests for item in each["artifacts"].items()]
    stages = {name: artifact for name, artifact in of_all if _is_stage(artifact)}
    others = {name: artifact for name, artifact in first["artifacts"].items() if not _is_stage(artifact)}
    _write(out / _MANIFEST, {**first, "artifacts": {**stages, **others}}, indent=2)
    tree = trees[0]["tree"]
    children = {name: child for each in trees for name, child in each["tree"]["children"].items() if name != "Tree"}
    _write(out / _TREE, {**trees[0], "tree": {**tree, "children": {**children, "Tree": tree["children"]["Tree"]}}})


def _report(reports: Sequence[Any]) -> dict[str, Any]:
    """Each plugin's of all clusters, with the same findings together, as when it looks at all of them."""
    plugins = []
    for same in zip(*(report["pluginReports"] for report in reports), strict=True):
        lists = {}
        for name, value in same[0].items():
            if isinstance(value, list):
                by_rule: dict[tuple[str, str], list[Any]] = {}
                for each in (item for report in same for item in report[name]):
                    by_rule.setdefault((each["ruleName"], each["description"]), []).append(each)
                lists[name] = [each for found in by_rule.values() for each in found]
        plugins.append({**same[0], **lists})
    return {**reports[0], "pluginReports": plugins}


def assets_of(part: Path) -> list[str]:
    """Names of what lies beside the templates of an assembly and belongs to it: more may lie there."""
    texts = (path.read_text(encoding="utf-8") for path in part.glob("assembly-*/*.assets.json"))
    return sorted({name for text in texts for name in _ASSET.findall(text)})


def share(source: Path, target: Path) -> None:
    """The same file in both places where that can be: assets are large, and nothing writes into them.

    It appears as a whole, or was there already: its name is the hash of its content.
    """
    if target.exists():
        return
    new = target.with_name(f".{target.name}-{os.getpid()}")
    if source.is_dir():
        shutil.copytree(source, new)
    else:
        try:
            os.link(source, new)
        except OSError:  # on another disk
            shutil.copyfile(source, new)
    try:
        new.rename(target)
    except OSError:  # another process was first
        shutil.rmtree(new, ignore_errors=True)


def _is_stage(artifact: Any) -> bool:
    return bool(artifact["type"] == "cdk:cloud-assembly")


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, data: Any, indent: int | None = None) -> None:
    """As JavaScript does."""
    separators = None if indent else (",", ":")
    path.write_text(json.dumps(data, indent=indent, separators=separators, ensure_ascii=False), encoding="utf-8")
