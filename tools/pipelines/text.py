"""Data as YAML that people read: keys in their order, scripts as blocks, and comments behind lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

HEADER = "# Written by `make pipelines` from clusters/fleet.py. Do not edit: run it again."


PipelineJob = dict[str, Any]


class _Dumper(yaml.SafeDumper):
    """What several places share is written out in each."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # PyYAML's
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def yaml_of(document: Mapping[str, Any], about: str, comments: Mapping[str, str]) -> str:
    """The file: what it is, and each line that ends with a key of `comments` with that comment."""
    dumped = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)
    lines = [line.replace("'on':", "on:", 1) if line == "'on':" else line for line in dumped.splitlines()]
    said = [f"# {line}".rstrip() for line in about.strip().split("\n")]
    return "\n".join([HEADER, "#", *said, *(_commented(line, comments) for line in lines), ""])


def _commented(line: str, comments: Mapping[str, str]) -> str:
    found = next((words for end, words in comments.items() if line.endswith(end)), "")
    return f"{line} # {found}" if found else line
