"""The pages as Markdown."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from inspect import get_annotations, getdoc
from typing import Annotated, Any, Literal, get_args, get_origin

from app import ROOT
from blueprint.addons import Addon, CallsAws, EksAddon, EksCapability, HelmAddon, lock, schemas
from blueprint.blueprint import Blueprint
from blueprint.contribution import Contribution
from blueprint.fields import LONGEST
from blueprint.fleet import Fleet
from blueprint.value import Value, field_types
from tools import contracts
from tools.markdown import code, link, plain, table
from tools.reference.pages import ADDONS, Page, addon_pages, concepts, page_of
from tools.reference.source import docstrings
from tools.reference.values import Class, FieldRule, concrete, default, importable, rules, users, written

HEADER = "<!-- Written by `make reference` from the types. Do not edit: run it again. -->"
_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    bool: "`True` or `False`",
    type(None): "`None`",
    Any: "any JSON value",
}
_COLUMNS = (
    *("class", "add-on", "installed by", "version", "calls AWS", "needs", "Auto Mode", "Fargate", "Arm"),
    *("images from", "contract", "what it does"),
)
_IN_PROSE = re.compile(r"`([^`]+)`|(?<![\w\"])https?://([^\s()]*[^\s().,;:])")


def pages() -> dict[str, str]:
    """Each file of docs/reference."""
    shown = {page.file: _page(page) for page in (*concepts(), *addon_pages())}
    return {file: f"{text}\n" for file, text in {"README.md": _index(), ADDONS: _addons(), **shown}.items()}


def _index() -> str:
    rows = [
        (f"[{plain(page.title)}]({page.file})", ", ".join(_link(cls, "README.md") for cls in page.classes))
        for page in concepts()
    ]
    rows.append((f"[Add-ons]({ADDONS})", ", ".join(_link(page.classes[0], "README.md") for page in addon_pages())))
    return _joined(
        HEADER,
        "# Reference",
        "Every value that stands in a cluster file or a team file, with all of its fields: what a field takes, in "
        "which unit, what it is by default, and what a change does once it is deployed. A file in `clusters/` holds "
        f"one {_link(Blueprint, 'README.md')}, and `clusters/fleet.py` one {_link(Fleet, 'README.md')}; all others "
        "stand in these.",
        table(("page", "values"), rows),
        "Text is in quotes, a tuple in parentheses with a comma behind its last item, a mapping in braces. A field "
        "that is create-only cannot be changed in place; a change of any other replaces nothing that holds state. "
        "Rules between fields stand in no table: a report names them, with the place and the fix.",
    )


def _addons() -> str:
    rows = []
    for page in addon_pages():
        addon = page.classes[0]
        by = _installed_by(addon) or "itself"
        needs = ", ".join(_link(each, ADDONS) for each in addon.requires)
        made = addon(**addon.typical).contribute(contracts.FACTS)
        where = (needs, _on_auto_mode(addon), _on_fargate(addon), "yes" if "arm64" in addon.architectures else "no")
        installed = (_from(addon, made), _contract(addon))
        cells = (by, _versions(made), _calls(addon, made), *where, *installed, prose(_first(page.intro)))
        rows.append((_link(addon, ADDONS), code(addon.name), *cells))
    return _joined(
        HEADER,
        "# Add-ons",
        "One of each class in a cluster, unless it has a field `name`. Their versions stand in `addons/versions.toml`; "
        f"those of EKS are here of Kubernetes {contracts.FACTS.version}. What calls AWS, and images, are those of a "
        "typical use.",
        table(_COLUMNS, rows),
        _judged(),
        _advised(),
        "A chart's pods, images, roles and definitions stand on the page of its add-on, from the chart itself.",
    )


def _judged() -> str:
    """Of which add-ons of EKS the schema is at hand."""
    of_eks = [page.classes[0] for page in addon_pages() if issubclass(page.classes[0], EksAddon)]
    read = [each.name for each in of_eks if each.versions[contracts.FACTS.version] in schemas.schemas(each.name)]
    return (
        "Where `make versions` read the configuration schema of an add-on of EKS, a plan judges `configuration` by it: "
        f"{_listed([*map(code, read)]) or 'of none so far'}."
    )


def _advised() -> str:
    """Of how many charts OSV is asked."""
    locked = lock.read((ROOT / lock.FILE).read_text(encoding="utf-8")).charts.values()
    asked = sum(bool(each.modules) for each in locked)
    return (
        f"`make versions` asks what advisories name of the programs of {asked} charts, whose Go modules stand in the "
        f"lock; of the other {len(locked) - asked} nobody is asked."
    )


def _installed_by(addon: type[Addon]) -> str:
    if issubclass(addon, EksCapability):
        return "EKS, on machines of its own"
    return "EKS" if issubclass(addon, EksAddon) else "Helm" if issubclass(addon, HelmAddon) else ""


def _versions(made: Contribution) -> str:
    every = (*(release.chart.version for release in made.releases), *(each.version for each in made.managed_addons))
    return ", ".join(map(code, dict.fromkeys(every)))


def _calls(addon: type[Addon], made: Contribution) -> str:
    """The services of AWS that its service account may call."""
    actions = {action for grant in made.every_grant for each in grant.statements for action in each.actions}
    policies = {name.rpartition("/")[2] for grant in made.every_grant for name in grant.managed_policies}
    found = sorted({code(action.partition(":")[0]) for action in actions}) + sorted(map(code, policies))
    return ", ".join(found) or ("on request" if issubclass(addon, CallsAws | EksCapability) else "no")


def _from(addon: type[Addon], made: Contribution) -> str:
    """The registries of its images."""
    if issubclass(addon, EksAddon):
        return "EKS"
    hosts = (image.partition("/")[0] for image in made.images)
    return ", ".join(sorted({code(host if "." in host else "docker.io") for host in hosts}))


def _contract(addon: type[Addon]) -> str:
    if not (found := contracts.read(addon.name)):
        return "no chart was had"
    charts = ", ".join(code(each["chart"]) for each in found.values())
    return f"[{charts}](../../../addons/contracts/{addon.name}.json)"


def _on_auto_mode(addon: type[Addon]) -> str:
    """On a cluster that has nothing else."""
    if addon.built_into_auto_mode == "no":
        return "yes"
    how = "left out" if addon.built_into_auto_mode == "skip" else "refused"
    return f"{how}: Auto Mode brings {prose(addon.replaced_by)}" if addon.replaced_by else how


def _on_fargate(addon: type[Addon]) -> str:
    workloads = addon.workloads if issubclass(addon, EksAddon | HelmAddon) else ()
    some = {workload.on_fargate for workload in workloads}
    if some == {False}:
        return "no"
    return "but for its DaemonSet" if False in some else "yes"


def _installed(cls: type[Addon]) -> list[str]:
    """What its charts install, as its contract has it."""
    text = []
    addon = cls.name
    if issubclass(cls, EksAddon) and cls.upstream:
        text.append("EKS builds it from the chart of its project, with images of a registry of its own.")
    for contract in contracts.read(addon).values():
        name = code(contract["chart"])
        text.append(f"## What the chart {name} installs")
        text.append(
            f"With the values of a typical use; [its contract](../../../addons/contracts/{addon}.json) has all of it, "
            "what its roles may do as well."
        )
        rows = [
            (
                code(pods),
                str(found.get("replicas", "")),
                code(found["service_account"]) if "service_account" in found else "",
                ", ".join(map(str, found.get("ports", ()))),
                found["level"],
            )
            for pods, found in contract["pods"].items()
        ]
        if rows:
            text.append(table(("pods", "replicas", "service account", "ports", "Pod Security level"), rows))
        for what, words in (
            ("Images", sorted({contracts.repository(image) for image in contract["images"]})),
            ("Definitions", contract["definitions"]),
            ("Webhooks", contract["webhooks"]),
        ):
            if words:
                text.append(f"{what}: {', '.join(map(code, words))}.")
    return text


def _first(text: str) -> str:
    """The first paragraph, without an address at its end."""
    return re.sub(r"\s+https?://\S+$", "", text.partition("\n\n")[0])


def _page(page: Page) -> str:
    values = (_value(cls, page.file) for cls in page.classes)
    first = page.classes[0] if page.classes else None
    installed = _installed(first) if first and issubclass(first, Addon) and hasattr(first, "name") else []
    return _joined(HEADER, f"# {plain(page.title)}", *map(prose, page.intro.split("\n\n")), *values, *installed)


def _value(cls: Class, file: str) -> str:
    names, docs = _names(cls), docstrings(cls)
    fixed = ("create-only",) if set(names) & set(cls.create_only) else ()
    rows = [_row(cls, name, file, with_fixed=bool(fixed)) for name in names]
    stands = sorted({f"{_link(user, file)}.{code(name)}" for user, name in users()[cls]})
    return _joined(
        f"## {cls.__name__}",
        code(f"from {importable(cls)} import {cls.__name__}"),
        *map(prose, (getdoc(cls) or "").split("\n\n")),
        f"Stands in {_listed(stands)}." if stands and not issubclass(cls, Addon) else "",
        _facts(cls, file) if issubclass(cls, Addon) and hasattr(cls, "name") else "",
        table(("field", "type", "default", *fixed), rows) if rows else "It has no fields.",
        *(_field(cls, name, docs.get(name, "")) for name in names),
    )


def _names(cls: Class) -> list[str]:
    """The fields; of an add-on its own first, then those of all add-ons."""
    own = [name for name in field_types(cls) if name in get_annotations(cls)]
    names = list(field_types(cls))
    return [*own, *(name for name in names if name not in own)] if issubclass(cls, Addon) else names


def _row(cls: Class, name: str, file: str, *, with_fixed: bool) -> tuple[str, ...]:
    hint, without = field_types(cls)[name], default(cls, name)
    fixed = (prose(cls.create_only.get(name, "")),) if with_fixed else ()
    return (code(name), words(hint, file), "required" if without is None else code(without), *fixed)


def _field(cls: Class, name: str, doc: str) -> str:
    """Its docstring and its rules, but for what its type says."""
    first, *more = map(prose, doc.split("\n\n"))
    listed = "\n".join(f"- {_rule(each)}" for each in rules(field_types(cls)[name]) if not each.is_range)
    return _joined(f"**{code(name)}** {first}".rstrip(), *more, listed)


def _rule(of_field: FieldRule) -> str:
    rule = of_field.rule
    said = prose(f"{of_field.of}: {rule.says} ({rule.fix})" if of_field.of else f"{rule.says} ({rule.fix})")
    if not rule.pattern:
        return said
    longest = "" if rule.high == LONGEST else f"; at most {rule.high} characters"
    return f"{said}{longest}; {code(rule.pattern, in_table=False)}"


def words(hint: Any, file: str) -> str:
    """A type in words."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        limits = [each.rule for each in rules(hint) if each.is_range and not each.of]
        ranges = [f"{each.low:,} to {each.high:,} {each.unit}".rstrip() for each in limits]
        return ", ".join([words(args[0], file), *ranges])
    if origin is Literal:
        return _choice([code(written(each)) for each in args])
    if origin is tuple:
        return f"tuple of {words(args[0], file)}"
    if isinstance(hint, type) and issubclass(hint, Value):
        return f"[add-on]({_relative(ADDONS, file)})" if hint is Addon else _choice(_links(hint, file))
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is Mapping:
        return f"mapping of {words(args[0], file)} to {words(args[1], file)}"
    return _choice([word for option in args for word in _options(option, file)])


def _options(hint: Any, file: str) -> list[str]:
    """Of one side of a union."""
    literal = get_origin(hint) is Literal
    return [code(written(each)) for each in get_args(hint)] if literal else [words(hint, file)]


def _links(hint: Class, file: str) -> list[str]:
    return [_link(cls, file) for cls in sorted(concrete(hint), key=lambda cls: str(cls.__name__))]


def _facts(addon: Class, file: str) -> str:
    """What its class says."""
    found = {
        "name": code(addon.name),
        "installed by": _installed_by(addon),
        "namespace": code(getattr(addon, "namespace", "")),
        "needs": _listed([_link(each, file) for each in addon.requires]),
        "not together with": _listed([_link(each, file) for each in addon.conflicts]),
        "with Auto Mode only": {
            "no": "",
            "skip": f"left out: Auto Mode brings {plain(addon.replaced_by)}",
            "refuse": f"refused: Auto Mode brings {plain(addon.replaced_by)}",
        }[addon.built_into_auto_mode],
        "AWS permissions": f"of the service account {code(addon.service_account)}"
        if issubclass(addon, CallsAws) and addon.service_account
        else "",
        "API groups that it defines": _listed([code(group) for group in addon.api_groups]),
    }
    return table(("what", "value"), [(plain(name), text) for name, text in found.items() if text])


def _link(cls: Class, file: str) -> str:
    return f"[{cls.__name__}]({_relative(page_of()[cls], file)}#{cls.__name__.lower()})"


def _relative(to: str, file: str) -> str:
    return posixpath.relpath(to, posixpath.dirname(file) or ".")


def prose(text: str) -> str:
    """A docstring's paragraph: names in `backticks` as code, addresses as links."""
    found, end = [], 0
    for match in _IN_PROSE.finditer(text):
        found.append(_plain(text[end : match.start()]))
        found.append(code(match[1]) if match[1] else link(plain(match[2]), match[0]))
        end = match.end()
    return "".join([*found, _plain(text[end:])]).strip()


def _plain(text: str) -> str:
    """With the spaces at its ends."""
    if not text.strip():
        return " " if text else ""
    return " " * text[0].isspace() + plain(text) + " " * text[-1].isspace()


def _listed(words: Sequence[str]) -> str:
    return _choice(words, "and")


def _choice(words: Sequence[str], between: str = "or") -> str:
    return f" {between} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _joined(*blocks: str) -> str:
    """Under each other, with an empty line between."""
    return "\n\n".join(filter(None, blocks))
