"""What `cdk` runs, by app.py: the assembly of all clusters, of which only those are made that changed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from app import CLUSTERS
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from stacks.judging import judged
from tools.apart import synthesize_apart
from tools.status import CannotError, FindingsError
from tools.store import Store
from tools.synthesis import settings

_TOO_LARGE = "CONTEXT_OVERFLOW_LOCATION_ENV"
"""Names a file with what did not fit into the variable: aws-cdk-lib core/lib/app.ts (loadContext)."""


def main() -> None:
    """Writes the assembly where the command line interface looks for it."""
    given: dict[str, Any] = json.loads(os.environ.get("CDK_CONTEXT_JSON") or "{}")
    out = Path(os.environ.get("CDK_OUTDIR") or "cdk.out").resolve()
    out.mkdir(parents=True, exist_ok=True)
    only = given.get("cluster")
    try:
        plans = planned(CLUSTERS, [only] if only else [])
        store = None if os.environ.get(_TOO_LARGE) else Store(settings())
        synthesize_apart(plans, out, store=store, processes=os.cpu_count() or 1, validate=judged())
    except (BlueprintError, CannotError, FindingsError) as error:
        sys.exit(str(error))
