"""Rules and alert managers of Prometheus as people write them, checked as far as their form goes.

What an expression says, Prometheus alone knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from blueprint import manifests
from blueprint.errors import Problem, Quoted
from blueprint.fields import matches
from blueprint.references import portable
from blueprint.secret_keys import is_secret
from blueprint.value import nearest

if TYPE_CHECKING:
    from blueprint.manifests.documents import ManifestDocument, Way

LARGEST = 100_000
"""Bytes of a text: a template, which carries them all, has room for 1 MB."""
_FILE = re.compile(r"[\w-][\w.-]{0,254}(/[\w-][\w.-]{0,254})*\.ya?ml", re.ASCII)
PrometheusYaml = Annotated[
    str,
    matches(
        r"(?s:.+)",
        "must be YAML, or the path of a .yaml file of the project",
        'write for example "examples/workloads/prometheus/rules.yaml"',
        longest=LARGEST,
    ),
]
# model.ParseDuration of prometheus/common
_DURATION = re.compile(r"(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?|0")


class _Form(NamedTuple):
    fits: Callable[[Any], bool]
    says: str


def _is_scalar(value: Any) -> bool:
    """What Go's yaml reads as text."""
    return isinstance(value, str | int | float)


def _is_labels(value: Any) -> bool:
    names = isinstance(value, Mapping) and all(name and name != "__name__" for name in value)
    return names and all(map(_is_scalar, value.values()))


_TEXT = _Form(lambda value: _is_scalar(value) and value != "", "must be text")
_PERIOD = _Form(lambda value: isinstance(value, str) and bool(_DURATION.fullmatch(value)), "must be a time like 5m")
_LABELS = _Form(_is_labels, "must be names with texts, none of them empty or __name__")
_LIST = _Form(lambda value: isinstance(value, list), "must be a list")
_NUMBER = _Form(lambda value: isinstance(value, int) and not isinstance(value, bool), "must be a whole number")
# prometheus v3.9.1 model/rulefmt/rulefmt.go:158 (RuleGroup) and 179 (Rule); unknown fields are errors: 351
_GROUP = {
    "name": _TEXT,
    "interval": _PERIOD,
    "query_offset": _PERIOD,
    "limit": _NUMBER,
    "rules": _LIST,
    "labels": _LABELS,
}
_RULE = {
    "record": _TEXT,
    "alert": _TEXT,
    "expr": _TEXT,
    "for": _PERIOD,
    "keep_firing_for": _PERIOD,
    "labels": _LABELS,
    "annotations": _LABELS,
}
_OF_ALERTS = ("annotations", "for", "keep_firing_for")
# https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-receiver-config.html
_KEYS_OF_RECEIVERS = ("routing_key", "service_key")
_NOT_OF_SNS = ("api_url", "http_config")


def text_of(written: str) -> str:
    """The YAML itself, whatever the partition. OSError, UnicodeDecodeError: `rule_problems` and its like say so."""
    text = _path(written).read_bytes().decode("utf-8") if _FILE.fullmatch(written) else written
    return str(portable(text))


def _path(written: str) -> Any:
    return manifests.ROOT / written


def rule_problems(written: str) -> Iterator[Problem]:
    """Of a file of rules, with paths from it."""
    yield from _problems(written, _rules)


def alert_manager_problems(written: str) -> Iterator[Problem]:
    """Of the definition of an alert manager.

    https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-config.html
    """
    yield from _problems(written, _alert_manager)


def _problems(written: str, check: Callable[[ManifestDocument], Iterator[Problem]]) -> Iterator[Problem]:
    from blueprint.manifests.documents import ManifestDocument, parsed

    file = written if _FILE.fullmatch(written) else ""
    if file and (not _path(file).is_file() or any(each.is_symlink() for each in _ways(file))):
        yield Problem((), written, "must be a file of the project, and no link", "write its path from the root")
        return
    try:
        text = text_of(written)
    except (OSError, UnicodeDecodeError):
        yield Problem((), written, "must be a file of UTF-8 that can be read", "save it as UTF-8")
        return
    if len(text) > LARGEST:
        yield Problem((), Quoted(f"{len(text)} characters"), f"must have at most {LARGEST:,}", "split it")
        return
    documents = [*parsed(file or "line", text)]
    found = [each for each in documents if isinstance(each, Problem)]
    if len(documents) > 1 and not found:
        rule = "is one document: of others nothing is read"
        found = [Problem((), Quoted(f"{len(documents)} documents"), rule, "put all into one")]
    sound = [each for each in documents if isinstance(each, ManifestDocument)]
    for problem in found or (each for document in sound for each in check(document)):
        yield problem if file else replace(problem, file="", rule=f"{problem.file.replace(':', ' ')} {problem.rule}")


def _ways(file: str) -> Iterator[Any]:
    way = manifests.ROOT
    for part in file.split("/"):
        way = way / part
        yield way


def _fields(
    document: ManifestDocument, way: Way, known: Mapping[str, _Form], required: tuple[str, ...]
) -> Iterator[Problem]:
    found = _at(document, way)
    if not isinstance(found, Mapping):
        yield document.problem(way, Quoted("<no mapping>"), "must be fields with values", "write one below the other")
        return
    for name, value in found.items():
        if name not in known:
            near = nearest(name, known)
            fix = f"write {near}" if near else f"write one of {', '.join(known)}"
            yield document.problem((*way, name), name, "Prometheus knows no such field here", fix)
        elif not known[name].fits(value):
            yield document.problem((*way, name), value, f"{name} {known[name].says}", "correct it")
    for name in required:
        if name not in found:
            yield document.problem(way, Quoted("<missing>"), f"{name} is missing", f"write {name}")


def _at(document: ManifestDocument, way: Way) -> Any:
    found = document.data
    for step in way:
        found = found[step]
    return found


def _rules(document: ManifestDocument) -> Iterator[Problem]:
    """What Validate of rulefmt.go says, lines 110 to 268, and what its decoder refuses."""
    wrong = [*_fields(document, (), {"groups": _LIST}, ("groups",))]
    yield from wrong
    names: set[Any] = set()
    for index, group in enumerate(() if wrong else document.data["groups"]):
        way: Way = ("groups", index)
        unfit = [*_fields(document, way, _GROUP, ("name", "rules"))]
        yield from unfit
        if unfit:
            continue
        if group["name"] in names:
            yield document.problem((*way, "name"), group["name"], "duplicate group", "name each group once")
        names.add(group["name"])
        for number in range(len(group["rules"])):
            yield from _rule(document, (*way, "rules", number))


def _rule(document: ManifestDocument, way: Way) -> Iterator[Problem]:
    unfit = [*_fields(document, way, _RULE, ("expr",))]
    yield from unfit
    rule = _at(document, way)
    if unfit:
        return
    if ("record" in rule) == ("alert" in rule):
        fix = "write record for a series that is kept, or alert"
        yield document.problem(way, Quoted("<both>" if "record" in rule else "<neither>"), "is one of both", fix)
    elif "record" in rule:
        for name in _OF_ALERTS:
            if name in rule:
                yield document.problem((*way, name), name, "a rule that records has none", "leave it out")
        if re.search(r"[{}]", str(rule["record"])):
            yield document.problem((*way, "record"), rule["record"], "is a name, without braces", "move it into expr")


def _alert_manager(document: ManifestDocument) -> Iterator[Problem]:
    templates = _Form(lambda value: isinstance(value, Mapping), "must be names with templates")
    text = _Form(lambda value: isinstance(value, str), "must be YAML in a text: write | behind it")
    known = {"alertmanager_config": text, "template_files": templates}
    wrong = [*_fields(document, (), known, ("alertmanager_config",))]
    yield from wrong
    if not wrong:
        yield from _configuration(document)


def _configuration(document: ManifestDocument) -> Iterator[Problem]:
    from blueprint.manifests.documents import ManifestDocument, parsed

    way: Way = ("alertmanager_config",)
    for found in parsed(document.file, document.data["alertmanager_config"]):
        if isinstance(found, Problem):
            yield document.problem(way, found.value, found.rule, found.fix)
            return
        inner = ManifestDocument(document.file, found.data, {(): document.lines[way]})
        route, receivers = (
            found.data.get(name) if isinstance(found.data, Mapping) else None for name in ("route", "receivers")
        )
        if not isinstance(route, Mapping) or not isinstance(receivers, list):
            yield inner.problem((), Quoted("<missing>"), "must have a route and receivers", "write both")
            return
        for key in _secrets(found.data):
            rule = "it would stand in the template in clear text, so it never holds a secret"
            yield inner.problem((), Quoted(f"{key}: <not shown>"), rule, "name a secret of AWS Secrets Manager")
        names = [str(each.get("name", "")) for each in receivers if isinstance(each, Mapping)]
        for name in sorted({*_receivers(route)} - {*names}):
            yield inner.problem((), name, "there is no receiver of this name", f"write one of {', '.join(names)}")
        if "receiver" not in route:
            yield inner.problem((), Quoted("<missing>"), "the first route names a receiver", "write receiver")
        for each in receivers:
            for sns in each.get("sns_configs") or () if isinstance(each, Mapping) else ():
                yield from _sns(inner, sns)


def _sns(document: ManifestDocument, sns: Any) -> Iterator[Problem]:
    if not isinstance(sns, Mapping):
        yield document.problem((), Quoted("<no mapping>"), "sns_configs has fields with values", "write topic_arn")
        return
    for name in _NOT_OF_SNS:
        if name in sns:
            yield document.problem(
                (), name, "Amazon Managed Service for Prometheus takes no such field", "leave it out"
            )
    signed = sns.get("sigv4")
    if not isinstance(signed, Mapping) or not signed.get("region"):
        rule = "without a region in sigv4 no message reaches SNS"
        yield document.problem((), str(sns.get("topic_arn", "sns_configs")), rule, "write sigv4 with a region")


def _secrets(data: Any) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, item in data.items():
            if isinstance(item, str) and (is_secret(key, item) or key in _KEYS_OF_RECEIVERS):
                yield key
            yield from _secrets(item)
    elif isinstance(data, list):
        for each in data:
            yield from _secrets(each)


def _receivers(route: Mapping[str, Any]) -> Iterator[str]:
    if "receiver" in route:
        yield str(route["receiver"])
    for each in route.get("routes") or ():
        if isinstance(each, Mapping):
            yield from _receivers(each)
