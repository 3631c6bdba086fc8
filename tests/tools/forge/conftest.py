"""A forge for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.forge.forge import Forge, forge


@pytest.fixture
def server() -> Iterator[Forge]:
    """A forge that knows nothing yet."""
    with forge() as served:
        yield served
