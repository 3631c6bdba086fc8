"""Amounts as Kubernetes writes them: 500m, 1.5, 4Gi.

https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
"""

from __future__ import annotations

import re
from fractions import Fraction

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,2}))?", re.ASCII)
_FACTORS = {
    **{suffix: Fraction(1, 1000**power) for power, suffix in enumerate("mun", start=1)},
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", start=1)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", start=1)},
}


def amount(text: str) -> Fraction | None:
    """What it says; None of what is no quantity."""
    found = _FORM.fullmatch(text) if len(text) <= 64 else None
    if not found:
        return None
    number, suffix, exponent = found.groups()
    factor = _FACTORS[suffix] if suffix else Fraction(10) ** int(exponent or 0)
    return Fraction(number) * factor
