"""Reviews as `make review` writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

BASE = "b" * 40

DANGER = {
    "rule": "replaces-state",
    "cluster": "prod",
    "stack": "cluster",
    "id": "ClusterEB0386A7",
    "path": "prod/cluster/Cluster",
    "type": "AWS::EKS::Cluster",
    "what": "the cluster would be replaced",
    "why": "its encryption changes",
    "fix": "leave it as it is",
}


def written(folder: Path, markdown: str = "# Review\n", **changed: Any) -> Path:
    """A folder with a review in it, of one danger unless `changed` says otherwise."""
    folder.mkdir(parents=True, exist_ok=True)
    data = {
        "base": BASE,
        "dangers": [DANGER],
        "touched": ["prod"],
        "untouched": ["dev", "prod-eu"],
        "counts": {"update": 1},
        **changed,
    }
    (folder / "review.json").write_text(json.dumps(data), encoding="utf-8")
    (folder / "review.md").write_text(markdown, encoding="utf-8")
    return folder
