"""Kubernetes objects that people write as YAML in this project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from blueprint.fields import matches

ROOT = Path(__file__).parents[2]
"""The project's folder."""

Directory = Annotated[
    str,
    matches(
        # No file system takes longer names.
        r"[\w-][\w.-]{0,254}(/[\w-][\w.-]{0,254})*",
        "must be a directory of the project, from its root, without .. and hidden ones",
        'write for example "examples/workloads/shop"',
    ),
]
