"""Whether rules run at this synth; it knows nothing of the CDK, which takes long to import."""

from __future__ import annotations

import os


def judged() -> bool:
    """As the variable says; acknowledgements leave no trace in a template, so they can be left out too."""
    return os.environ.get("CDK_VALIDATION") != "false"
