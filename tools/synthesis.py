"""From plans to templates, without the CDK's command line."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app import CONTEXT, ROOT, write_assembly
from blueprint.planning.document import Plan

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (resources in a template)
RESOURCE_LIMIT = 500


def synthesize(plans: Sequence[Plan], out: Path, *, validate: bool) -> None:
    """Writes the cloud assembly of the plans, with the plans themselves."""
    os.environ["CDK_VALIDATION"] = "true" if validate else "false"
    from aws_cdk import App

    app = App(outdir=str(out.resolve()), context=settings())
    write_assembly(app, plans)


def settings() -> dict[str, Any]:
    """The CDK's feature flags, which the CLI would read: without them templates differ from those of a deploy."""
    text = (ROOT / "cdk.json").read_text(encoding="utf-8")
    return {**json.loads(text)["context"], **CONTEXT}
