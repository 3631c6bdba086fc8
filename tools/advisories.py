"""What advisories name of programs of locked charts, as OSV knows these: by Go module and version.

https://google.github.io/osv.dev/post-v1-querybatch/ answers everybody, without credentials. Nothing is asked of what a
program is built from, and of the other images of its chart.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

from blueprint.addons import installed
from blueprint.addons.lock import LockedChart

ADDRESS = "https://api.osv.dev"
PAGE = "https://osv.dev/vulnerability/"
"""Of an advisory, before its id."""
_TIMEOUT = 30
_MOST_BYTES = 10_000_000
_MOST_PAGES = 100
# A release alone: what stands behind its number is no word of Go's, and `1.30.3-distroless` would be before 1.30.3.
_RELEASE = re.compile(r"v?(\d+\.\d+\.\d+)", re.ASCII)
# https://ossf.github.io/osv-schema/#id-modified-fields
_ID = re.compile(r"[A-Z][\w.:-]{1,99}", re.ASCII)


class AdvisoriesError(Exception):
    """Nobody was asked, or did not answer; the text is one line for the user."""


@dataclass(frozen=True)
class Program:
    """What OSV is asked about."""

    module: str
    version: str
    """Without the v of Go's tags."""


def tags() -> Mapping[tuple[str, str], Mapping[str, str]]:
    """By chart and version, each image of its contracts and the tag of it."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for path in sorted(installed.FOLDER.glob("*.json")):
        for contract in json.loads(path.read_text(encoding="utf-8")).values():
            of_chart = found.setdefault((contract["chart"], contract["version"]), {})
            for image in contract.get("images", ()):
                repository, _, tag = image.partition("@")[0].rpartition(":")
                of_chart[repository] = tag
    return found


def programs(locked: LockedChart, tags: Mapping[str, str]) -> list[Program]:
    """Those of a chart that have a module. Raises AdvisoriesError where an image of one has no tag of a release."""
    found = []
    for image, module in locked.modules.items():
        release = _RELEASE.fullmatch(tags.get(image, ""))
        if not release:
            raise AdvisoriesError(f"its contract has no {image} with the tag of a release: `make contracts`")
        found.append(Program(module, release[1]))
    return found


def ask(programs: Iterable[Program], address: str | None) -> Mapping[Program, tuple[str, ...]]:
    """The ids of what is known of each. Raises AdvisoriesError."""
    found: dict[Program, list[str]] = {program: [] for program in programs}
    open_queries = {program: _query(program) for program in found}
    for _ in range(_MOST_PAGES):
        if not open_queries:
            return {program: tuple(dict.fromkeys(ids)) for program, ids in found.items()}
        answers = _answers((address or ADDRESS).rstrip("/"), [*open_queries.values()])
        tokens = {}
        for program, (ids, token) in zip(open_queries, answers, strict=True):
            found[program] += ids
            tokens[program] = token
        open_queries = {each: {**_query(each), "page_token": token} for each, token in tokens.items() if token}
    raise AdvisoriesError(f"there are more than {_MOST_PAGES} pages of answers")


def _query(program: Program) -> dict[str, Any]:
    return {"package": {"ecosystem": "Go", "name": program.module}, "version": program.version}


def _answers(address: str, queries: list[dict[str, Any]]) -> list[tuple[list[str], str]]:
    """Of each query the ids, and the token of its next page."""
    url = f"{address}/v1/querybatch"
    if not url.startswith(("https://", "http://")):
        raise AdvisoriesError(f"{address!r} is no address, https or http")
    headers = {"Content-Type": "application/json", "User-Agent": "eks-blueprints"}
    try:
        request = urllib.request.Request(url, json.dumps({"queries": queries}).encode(), headers)  # noqa: S310  # checked
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            content = answer.read(_MOST_BYTES)
    except HTTPError as error:
        with error:
            raise AdvisoriesError(f"{url} answered with {error.code} {_line(str(error.reason))}") from None
    except (OSError, HTTPException, ValueError) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise AdvisoriesError(f"{url} did not answer: {_line(reason)}") from None
    try:
        results = json.loads(content)["results"]
        if len(results) == len(queries):
            return [_answer(result) for result in results]
    except (ValueError, TypeError, KeyError, AttributeError):
        pass
    raise AdvisoriesError(f"{url} answered with something else than ids for each query")


def _answer(result: Any) -> tuple[list[str], str]:
    """Raises what Python raises where it is not of the documented form."""
    ids = [each["id"] for each in result.get("vulns", [])]
    token = result.get("next_page_token", "")
    if not isinstance(token, str) or not all(map(_ID.fullmatch, ids)):
        raise ValueError
    return ids, token


def _line(text: str) -> str:
    return "".join(character for character in text[:300] if character.isprintable())
