"""Assemblies of one cluster each, as the one that the CDK writes of all of them: the same bytes."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Any

_MANIFEST, _TREE = "manifest.json", "tree.json"
_REPORT = "validation-report.json"
"""What rules say of templates; only where some ran."""
_ASSET = re.compile(r'"(?:\.\./)?(asset\.[0-9a-f]{64}(?:\.\w+)?)"')


def merge(parts: Sequence[Path], out: Path, *, kept: Path | None = None) -> None:
    """Moves the assemblies of clusters into a folder, in this order, and writes what names them all.

    Those in the folder `kept` stay there, with their assets beside them, and are copied. What an earlier run wrote of
    the same clusters goes, but for files of such a copy that nobody has changed: mostly all of them.
    """
    manifests, trees = ([_read(part / name) for part in parts] for name in (_MANIFEST, _TREE))
    for part in parts:
        copied = part.parent == kept
        for name in assets_of(part):
            share((part.parent if copied else part) / name, out / name)
        for path in [*part.iterdir()]:
            if path.name not in (_MANIFEST, _TREE, _REPORT) and not path.name.startswith("asset."):
                if copied:
                    _copy(path, out / path.name)
                else:
                    _remove(out / path.name)
                    shutil.move(path, out / path.name)
    if reports := [_read(path) for path in (part / _REPORT for part in parts) if path.exists()]:
        _write(out / _REPORT, _report(reports), indent=2)
    first, of_all = manifests[0], [item for each in manifests for item in each["artifacts"].items()]
    stages = {name: artifact for name, artifact in of_all if _is_stage(artifact)}
    others = {name: artifact for name, artifact in first["artifacts"].items() if not _is_stage(artifact)}
    _write(out / _MANIFEST, {**first, "artifacts": {**stages, **others}}, indent=2)
    tree = trees[0]["tree"]
    children = {name: child for each in trees for name, child in each["tree"]["children"].items() if name != "Tree"}
    _write(out / _TREE, {**trees[0], "tree": {**tree, "children": {**children, "Tree": tree["children"]["Tree"]}}})


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        if target.is_symlink() or not target.is_dir():
            _remove(target)
            target.mkdir()
        there, here = ({path.name for path in folder.iterdir()} for folder in (source, target))
        for name in here - there:
            _remove(target / name)
        for name in there:
            _copy(source / name, target / name)
    elif not _same(source, target):
        _remove(target)
        shutil.copy2(source, target)


def _same(source: Path, target: Path) -> bool:
    """As far as size and time can tell, which is what `rsync` goes by."""
    try:
        one, other = source.stat(), target.lstat()
    except FileNotFoundError:
        return False
    return S_ISREG(other.st_mode) and (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _report(reports: Sequence[Any]) -> dict[str, Any]:
    """Each plugin's of all clusters, with the same findings together, as when it looks at all of them."""
    plugins = []
    for same in _by_plugin(reports):
        lists = {}
        for name, value in same[0].items():
            if isinstance(value, list):
                by_rule: dict[tuple[str, str], list[Any]] = {}
                for each in (item for report in same for item in report[name]):
                    by_rule.setdefault((each["ruleName"], each["description"]), []).append(each)
                lists[name] = [each for found in by_rule.values() for each in found]
        plugins.append({**same[0], **lists})
    return {**reports[0], "pluginReports": plugins}


def _by_plugin(reports: Sequence[Any]) -> list[list[Any]]:
    """What each says of the clusters of which it says anything: of a network that exists the engine has nothing to say.

    In the order of the cluster of which most have.
    """
    found: dict[str, list[Any]] = {}
    for report in sorted(reports, key=lambda report: len(report["pluginReports"]), reverse=True):
        found |= {each["pluginName"]: [] for each in report["pluginReports"] if each["pluginName"] not in found}
    for report in reports:
        for each in report["pluginReports"]:
            found[each["pluginName"]].append(each)
    return [*found.values()]


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
