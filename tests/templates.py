"""Reading synthesized templates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tools.assembly
from blueprint.planning.document import Plan
from tools.assembly import MANIFEST, Assembly, Stack, read, text
from tools.synthesis import synthesize

Template = dict[str, Any]
Templates = Mapping[tuple[str, str], Template]
"""By cluster and stack: `templates["dev", "network"]`."""


def synthesized(plans: Sequence[Plan], out: Path, *, validate: bool = False) -> Templates:
    """Writes the assembly of the plans and reads it back."""
    synthesize(plans, out, validate=validate)
    return by_stack(read(out))


def by_stack(assembly: Assembly) -> Templates:
    """The templates of an assembly."""
    stacks = [stack for stacks in assembly.values() for stack in stacks]
    return {(stack.cluster, stack.name): {"Resources": {}, **stack.template} for stack in stacks}


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type, by logical id."""
    return {id: resource for id, resource in template["Resources"].items() if resource["Type"] == kind}


def objects(template: Template) -> list[dict[str, Any]]:
    """All Kubernetes objects that a template applies, in the order of its resources."""
    return [each for manifest in of_type(template, MANIFEST).values() for each in tools.assembly.objects(manifest)]


def renamed(stacks: Iterable[Stack], cluster: str = "case") -> tuple[Stack, ...]:
    """As if they were of a cluster of that name, and without the hash that the CDK makes of it.

    Clusters of one app have names of their own. So they can be compared, and one stands for all that are alike.
    """

    def of(stack: Stack) -> Stack:
        words = re.sub(r"prune-[0-9a-f]+", "prune", json.dumps(stack.template).replace(stack.cluster, cluster))
        name = stack.stack_name.replace(stack.cluster, cluster)
        return replace(stack, cluster=cluster, stack_name=name, template=json.loads(words))

    return tuple(map(of, stacks))


def readable(template: Any) -> Any:
    """The template for a person: JSON inside of text is opened up, and what the CDK ships has no hash."""
    if isinstance(template, Mapping):
        return {key: _opened(value) if key in _JSON else readable(value) for key, value in sorted(template.items())}
    if isinstance(template, list):
        return [readable(item) for item in template]
    if isinstance(template, str):
        return re.sub(r"\b[0-9a-f]{64}\b", "<hash of an asset>", template)
    return template


_JSON = ("ConfigurationValues", "Manifest", "Values")


def _opened(value: Any) -> Any:
    return json.loads(text(value)) if isinstance(value, str | Mapping) else readable(value)


def plain(data: Any) -> Any:
    """Frozen data of a plan as dicts and lists."""
    if isinstance(data, Mapping):
        return {key: plain(item) for key, item in data.items()}
    return [plain(item) for item in data] if isinstance(data, list | tuple) else data
