"""Looks up what is locked, in repositories of charts, at EKS and at SSM, and what advisories name of it, at OSV.

Versions of charts stay: Renovate or a person moves them, and then this. It writes the digest of each archive, and the
minors of Kubernetes that its Chart.yaml names. A chart that names none keeps what somebody wrote.

Versions of EKS add-ons move to EKS's default for each Kubernetes minor, unless the locked one is newer, or of another
major version. What each version takes as configuration goes into addons/schemas. It needs credentials of any account
that may call eks:DescribeAddonVersions and eks:DescribeAddonConfiguration, and changes nothing there.

Releases of images of nodes (facts/node_images.toml) move to the newest of which SSM has public parameters for every
architecture and minor that one release serves. It needs ssm:GetParameters.

OSV knows programs of charts by their Go modules (`modules` in the lock), and needs no credentials. What advisories name
is printed with its page. Nobody is asked of a chart without modules, and of what programs are built from.

With --check nothing is written. Ends with 1 if something is not as it would be written or advisories name something,
else with 2 if something was not looked up. Without --check what advisories name does not count.
"""

from __future__ import annotations

import json
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app import ROOT
from blueprint.addons import schemas
from blueprint.addons.lock import FILE, Lock, LockedChart, read
from blueprint.contribution import Chart
from blueprint.versions import DEFAULT
from tools import advisories, eks_addons, node_images
from tools.advisories import AdvisoriesError
from tools.charts.archives import Archive, archive_of, digest
from tools.charts.helm import CACHE, helm_for
from tools.charts.results import Failed, Unreachable
from tools.options import Names, add_charts, add_json
from tools.outputs import refuse_links
from tools.status import Status

LOCK = ROOT / FILE
IMAGES = ROOT / "facts" / "node_images.toml"
_KINDS = ("charts", "eks", "images", "advisories")
# https://helm.sh/docs/topics/charts (kubeVersion): -0 lets versions before a release in, as those of EKS look like.
_FROM = re.compile(r">=\s*v?1\.(\d+)(?:\.0)?(?:-0)?")
_BELOW = re.compile(r"<\s*v?1\.(\d+)(?:\.0)?(?:-0)?")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    help_words = "names of charts and of EKS add-ons, al2023, bottlerocket; all when none is given"
    parser.add_argument("names", nargs="*", action=Names, metavar="NAME", help=help_words)
    parser.add_argument("--only", choices=_KINDS, metavar="KIND", help=f"{', '.join(_KINDS)}: none of the others")
    add_charts(parser)
    parser.add_argument("--osv", metavar="ADDRESS", help=f"of a mirror that answers like {advisories.ADDRESS}")
    parser.add_argument("--check", action="store_true", help="only say what is not as it would be written")
    add_json(parser, "what is known of charts, EKS add-ons by Kubernetes minor, images and advisories, and what is not")


@dataclass
class _Found:
    """What was looked up, and the lock as it would be written."""

    text: str
    charts: dict[str, dict[str, str]] = field(default_factory=dict)
    eks: dict[str, dict[str, dict[str, str | int]]] = field(default_factory=dict)
    """Of each add-on and Kubernetes minor, how its version stands to what EKS offers."""
    schemas: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Of each add-on, by its version."""
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each release of images of nodes, how it stands to the newest."""
    advisories: dict[str, list[dict[str, str | list[str]]]] = field(default_factory=dict)
    """Of each chart that was asked about, by program."""
    without_module: list[str] = field(default_factory=list)
    """Charts of which nobody is asked."""
    image_text: str = ""
    """Their file, as it would be written."""
    untold: dict[str, str] = field(default_factory=dict)
    """What was not looked up, and why."""


def run(options: Namespace) -> int:
    """Writes the lock and the schemas, and prints what they have. Fails when something was not looked up."""
    if options.names and options.only:
        options.parser.error("name what to look up, or say --only")
    text = LOCK.read_text(encoding="utf-8")
    locked = read(text)
    of_eks = sorted({name for addons in locked.eks.values() for name in addons})
    found = _Found(text)
    if options.only in (None, "charts"):
        others = {*of_eks, *node_images.NAMES} - {*locked.charts}
        names = [name for name in options.names if name not in others]
        names = names if options.names else list(locked.charts)
        _charts(found, [locked.chart(name) for name in names], options.charts)
    if options.only in (None, "eks"):
        _eks(found, locked, [name for name in of_eks if name in options.names or not options.names])
    images = IMAGES.read_text(encoding="utf-8")
    found.image_text = images
    if options.only in (None, "images"):
        _images(found, [name for name in node_images.NAMES if name in options.names or not options.names])
    if options.only in (None, "advisories"):
        chosen = {name: each for name, each in locked.charts.items() if name in options.names or not options.names}
        _advisories(found, chosen, options.osv)
    read(found.text)  # before it is the lock
    stale = {LOCK: found.text} if found.text != text else {}
    stale |= _stale_schemas(found)
    stale |= {IMAGES: found.image_text} if found.image_text != images else {}
    if not options.check:
        for path, content in stale.items():
            refuse_links(path, path.parent)
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8", newline="\n")
    _tell(found, stale, options)
    if options.check and (stale or any(_named(found))):
        return Status.REFUSED
    return Status.FAILED if found.untold else Status.DONE


def _charts(found: _Found, charts: Iterable[Chart], source: str | None) -> None:
    helm = helm_for(DEFAULT)
    if isinstance(helm, Unreachable):
        found.untold["charts"] = helm.reason
        return
    for chart in charts:
        # Whatever digest it has: this is what finds the new one.
        archive = archive_of(replace(chart, digest=""), source, helm, CACHE)
        if isinstance(archive, Archive) and archive.path.is_file():
            facts = {"digest": digest(archive.path), **_kubernetes(archive)}
            found.text = with_facts(found.text, chart.name, facts)
            found.charts[chart.name] = {"version": chart.version, **facts}
        else:
            why = archive.reason if isinstance(archive, Failed | Unreachable) else f"{archive.path} is not packed"
            found.untold[f"{chart.name} {chart.version}"] = why


def _eks(found: _Found, locked: Lock, addons: Sequence[str]) -> None:
    """Asks for one add-on after the other, until EKS cannot be asked at all."""
    from botocore.exceptions import BotoCoreError, ClientError

    if not addons:
        return
    try:
        eks = eks_addons.client()
        for addon in addons:
            try:
                offers = eks_addons.offers(eks, addon)
            except ClientError as error:
                _refused(found, addon, error)
                continue
            of_addon = {minor: names[addon] for minor, names in locked.eks.items() if addon in names}
            versions = {minor: _moved(found, addon, minor, version, offers) for minor, version in of_addon.items()}
            found.schemas[addon] = _known_schemas(addon, versions.values())
            for version in dict.fromkeys(versions.values()):
                try:
                    schema = eks_addons.schema(eks, addon, version)
                except ClientError as error:
                    _refused(found, f"schema of {addon} {version}", error)
                    continue
                if isinstance(schema, str):
                    found.untold[f"schema of {addon} {version}"] = schema
                else:
                    found.schemas[addon][version] = schema
    except (BotoCoreError, ClientError) as error:
        found.untold["EKS"] = f"{error}\n    fix  sign in to any account, with {' and '.join(eks_addons.ACTIONS)}"


def _images(found: _Found, names: Sequence[str]) -> None:
    """Asks for all of them together."""
    from botocore.exceptions import BotoCoreError, ClientError

    pinned = node_images.pinned(found.image_text, names)
    if not pinned:
        return
    try:
        told = node_images.values(node_images.client(), (each for _, asked in pinned.values() for each in asked))
    except (BotoCoreError, ClientError) as error:
        found.untold["SSM"] = f"{error}\n    fix  sign in to any account, with {' and '.join(node_images.ACTIONS)}"
        return
    for name, (release, parameters) in pinned.items():
        offer = node_images.offer(release, parameters, told)
        if isinstance(offer, str):
            found.untold[f"{name}, {release}"] = offer
            continue
        found.image_text = node_images.with_release(found.image_text, name, offer.better)
        row = {"locked": release, "version": offer.better, "newest": offer.newest, "said": offer.said}
        found.images[name] = row


def _advisories(found: _Found, charts: Mapping[str, LockedChart], address: str | None) -> None:
    """Asks for all of them together."""
    tags = advisories.tags()
    programs = {}
    for name, locked in charts.items():
        if not locked.modules:
            found.without_module.append(name)
            continue
        try:
            programs[name] = advisories.programs(locked, tags.get((name, locked.version), {}))
        except AdvisoriesError as error:
            found.untold[f"advisories of {name} {locked.version}"] = str(error)
    try:
        ids = advisories.ask((each for those in programs.values() for each in those), address)
    except AdvisoriesError as error:
        found.untold["advisories"] = str(error)
        return
    for name, those in programs.items():
        found.advisories[name] = [
            {"module": each.module, "version": each.version, "ids": [*ids[each]]} for each in those
        ]


def _named(found: _Found) -> Iterator[str]:
    """What advisories name, in a line each."""
    for name, programs in found.advisories.items():
        for program in programs:
            for each in program["ids"]:
                yield f"{name}: {program['module']} {program['version']} has {each}, {advisories.PAGE}{each}"


def _refused(found: _Found, what: str, error: Any) -> None:
    """Notes why EKS did not answer; raises the error again when it would answer nothing else either."""
    if error.response["ResponseMetadata"]["HTTPStatusCode"] in (401, 403):
        raise error
    found.untold[what] = str(error)


def _moved(found: _Found, addon: str, minor: str, locked: str, offers: Mapping[str, eks_addons.AddonOffer]) -> str:
    """The version that the lock has now."""
    offer = offers.get(minor)
    if offer is None:
        found.untold[f"{addon} {locked} of Kubernetes {minor}"] = "EKS offers no version of it"
        return locked
    version = offer.better(locked)
    found.text = with_version(found.text, minor, addon, version)
    found.eks.setdefault(addon, {})[minor] = {
        "locked": locked,
        "version": version,
        "default": offer.default,
        "newest": offer.versions[0],
        "behind": offer.newer(locked),
        "said": offer.said(locked) or "the newest",
    }
    return version


def _path_of(addon: str) -> Path:
    return schemas.FOLDER / f"{addon}.json"


def _known_schemas(addon: str, versions: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Those that are there already, of versions that are locked."""
    path = _path_of(addon)
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {version: known[version] for version in versions if version in known}


def _stale_schemas(found: _Found) -> dict[Path, str]:
    stale = {}
    for addon, by_version in found.schemas.items():
        path = _path_of(addon)
        content = json.dumps(by_version, indent=2, sort_keys=True) + "\n"
        if (by_version and not path.is_file()) or (path.is_file() and path.read_text(encoding="utf-8") != content):
            stale[path] = content
    return stale


def _tell(found: _Found, stale: Iterable[Path], options: Namespace) -> None:
    files = [str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path) for path in stale]
    if options.json:
        told = {"charts": found.charts, "eks": found.eks, "images": found.images, "advisories": found.advisories}
        told["without_module"] = found.without_module
        print(json.dumps({**told, "untold": found.untold, "stale": files}, indent=2))
    else:
        for name, row in found.charts.items():
            version, *said = row.values()
            print(f"{name} {version}: {', '.join(said)}")
        for addon, by_minor in found.eks.items():
            words = {minor: _words(**row) for minor, row in by_minor.items()}
            for line in dict.fromkeys(words.values()):
                minors = ", ".join(minor for minor, each in words.items() if each == line)
                print(f"{addon} of Kubernetes {minors}: {line}")
        for name, image in found.images.items():
            print(f"{name}: {_words(**image)}")
        for addon, by_version in found.schemas.items():
            print(f"{addon}: schema of {', '.join(by_version) or 'no version'}")
        _tell_advisories(found)
    for what, why in found.untold.items():
        print(f"{what}: not looked up, {why}", file=sys.stderr)
    if options.check and files:
        print(*(f"{file}: is out of date" for file in files), sep="\n", file=sys.stderr)
        print("Run `make versions` and commit what it writes.", file=sys.stderr)


def _tell_advisories(found: _Found) -> None:
    for line in _named(found):
        print(line)
    if found.advisories:
        asked, others = len(found.advisories), len(found.without_module)
        print(f"advisories: OSV was asked of {asked} charts, nobody of {others} that have no module in the lock")


def _words(locked: str | int, version: str | int, said: str | int, **_: object) -> str:
    return f"{locked}, {said}" + (f"; now {version}" if version != locked else "")


def _kubernetes(archive: Archive) -> dict[str, str]:
    said = str(archive.metadata.get("kubeVersion") or "")
    low, *high = re.split(r"\s*,\s*|\s+(?=<)", said.strip())
    bounds = _FROM.fullmatch(low), _BELOW.fullmatch(high[0]) if len(high) == 1 else None
    if bounds[0] and not high:
        return {"kubernetes": f">=1.{bounds[0][1]}"}
    if bounds[0] and bounds[1]:
        return {"kubernetes": f">=1.{bounds[0][1]} <=1.{int(bounds[1][1]) - 1}"}
    if said:
        print(f"{archive.metadata['name']}: write by hand what kubeVersion {said!r} means", file=sys.stderr)
    return {}


def with_facts(text: str, chart: str, facts: dict[str, str]) -> str:
    """The lock with these values in the chart's table: in the place of others, or behind its version.

    As text, since comments stay.
    """
    own = re.compile(rf"^(\[charts\.{re.escape(chart)}\]\n(?:(?!\[).*\n)*)", re.MULTILINE)
    head, table, rest = own.split(text, maxsplit=1)
    for key, value in facts.items():
        line = f'{key} = "{value}"\n'
        table, replaced = re.subn(rf"^{key} = .*\n", line, table, flags=re.MULTILINE)
        if not replaced:
            table = re.sub(r"^(version = .*\n(?:digest = .*\n)?)", rf"\g<1>{line}", table, flags=re.MULTILINE)
    return f"{head}{table}{rest}"


def with_version(text: str, minor: str, addon: str, version: str) -> str:
    """The lock with this version of an EKS add-on in the table of a Kubernetes minor. As text as well."""
    table = re.compile(rf'^(\[eks\."{re.escape(minor)}"\]\n(?:(?!\[).*\n)*?{re.escape(addon)} = )"[^"]*"', re.MULTILINE)
    return table.sub(rf'\g<1>"{version}"', text, count=1)
