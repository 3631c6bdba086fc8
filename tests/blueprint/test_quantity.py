"""What Kubernetes takes for an amount."""

from __future__ import annotations

from fractions import Fraction

import pytest

from blueprint.quantity import amount


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The first five: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#meaning-of-memory
        ("128974848", 128_974_848),
        ("129e6", 129_000_000),
        ("129M", 129_000_000),
        ("128974848000m", 128_974_848),
        ("123Mi", 123 * 1024**2),
        ("1.5Gi", Fraction(3, 2) * 1024**3),
        ("100n", Fraction(1, 10_000_000)),
        ("5u", Fraction(1, 200_000)),
        ("2k", 2000),
        ("1E", 10**18),
        ("1E3", 1000),
        ("-1", -1),
        ("+.5", Fraction(1, 2)),
        ("5.", 5),
    ],
)
def test_amounts(text: str, expected: Fraction) -> None:
    assert amount(text) == expected


@pytest.mark.parametrize("text", ["", "m", "1 ", "1K", "1mi", "1e", "0x1", "1_000", "1e999999999", "9" * 100, "True"])
def test_what_is_none(text: str) -> None:
    assert amount(text) is None
