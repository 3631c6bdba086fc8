"""References of a plan in what is written for Git: the partition as it is, the others as each engine fills them in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from blueprint.planning.delivery import variable
from blueprint.planning.document import Plan
from blueprint.references import PATTERN, references_in, resolved
from tools.placeholders import placeholders


class Known(dict[str, str]):
    """What is known without a deploy; every other reference stays as it is."""

    def __missing__(self, name: str) -> str:
        return f"${{blueprint:{name}}}"


def known(plan: Plan) -> Known:
    """The partition, and of a VPC that is there already its id."""
    return Known(placeholders(plan))


def open_in(data: Any) -> list[str]:
    """Names of references in it, once each."""
    return sorted({*references_in(data)})


def for_flux(data: Any) -> Any:
    """With references as variables of Flux, and each other dollar doubled, which it takes for one.

    https://github.com/fluxcd/pkg/blob/envsubst/v1.7.0/envsubst/parse/parse.go (escapeChars)
    """
    return _mapped(data, lambda text: "".join(_flux_pieces(text)))


def _flux_pieces(text: str) -> list[str]:
    pieces, end = [], 0
    for found in PATTERN.finditer(text):
        pieces += [text[end : found.start()].replace("$", "$$"), f"${{{variable(found[1])}}}"]
        end = found.end()
    return [*pieces, text[end:].replace("$", "$$")]


def _mapped(data: Any, change: Callable[[str], str]) -> Any:
    data = resolved(data, Known())  # plain dicts and lists
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {change(key): _mapped(item, change) for key, item in data.items()}
    if isinstance(data, list):
        return [_mapped(item, change) for item in data]
    return data


def pointer(*way: str | int) -> str:
    """https://www.rfc-editor.org/rfc/rfc6901#section-3"""
    return "".join(f"/{str(each).replace('~', '~0').replace('/', '~1')}" for each in way)


def exactly(text: str) -> str:
    """A selector of Kustomize for this name alone: it takes them as regular expressions, from begin to end."""
    return re.sub(r"([.+*?()\[\]{}^$|\\])", r"\\\1", text)
