"""Reading synthesized templates."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from blueprint.plan import Plan
from tools.synth import synthesize

Template = dict[str, Any]
Templates = Mapping[tuple[str, str], Template]
"""By cluster and stack: `templates["dev", "network"]`."""


def synthesized(plans: Sequence[Plan], out: Path, *, validate: bool = False) -> Templates:
    """Writes the assembly of the plans and reads it back."""
    synthesize(plans, out, validate=validate)
    return {key: template for plan in plans for key, template in read(out, plan.blueprint.name)}


def read(out: Path, cluster: str) -> Iterator[tuple[tuple[str, str], Template]]:
    """The templates of one cluster, in the order of deployment."""
    assembly = out / f"assembly-{cluster}"
    for artifact in json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"].values():
        if artifact["type"] == "aws:cloudformation:stack":
            template = json.loads((assembly / artifact["properties"]["templateFile"]).read_text(encoding="utf-8"))
            yield (cluster, artifact["displayName"].partition("/")[2]), template


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one type, by logical id."""
    return {id: resource for id, resource in template["Resources"].items() if resource["Type"] == kind}


def text(value: Any) -> str:
    """A property as text, with `${…}` for what CloudFormation puts there."""
    if isinstance(value, str):
        return value
    (function, argument), *_ = value.items()
    if function == "Fn::Join":
        return str(argument[0]).join(map(text, argument[1]))
    return "${" + (argument if isinstance(argument, str) else ".".join(map(str, argument))) + "}"


def objects(template: Template) -> list[dict[str, Any]]:
    """All Kubernetes objects that a template applies, in the order of its resources."""
    manifests = of_type(template, "Custom::AWSCDK-EKS-KubernetesResource").values()
    return [each for manifest in manifests for each in json.loads(text(manifest["Properties"]["Manifest"]))]


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
