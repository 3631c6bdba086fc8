"""Tables as plain text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.access.matrix import Matrix
from tools.access.tables import tables
from tools.tables import markdown_table, text_table


def heading(matrix: Matrix) -> str:
    """What the tables are about."""
    return f"{matrix.cluster}: account {matrix.account}, {matrix.region}"


def as_text(matrix: Matrix) -> str:
    """For a terminal; the same when it is piped."""
    return "\n\n".join([heading(matrix), *(text_table(table) for table in tables(matrix, full=False) if table.rows)])


def as_markdown(matrix: Matrix) -> str:
    """For a pull request, in full."""
    found = [markdown_table(table) for table in tables(matrix, full=True) if table.rows]
    return "\n\n".join([f"## {heading(matrix)}", *found])


def as_json(matrix: Matrix) -> dict[str, Any]:
    """All of it, under the names of the fields."""

    def plain(data: Any) -> Any:
        if isinstance(data, tuple) and hasattr(data, "_asdict"):
            return plain(data._asdict())
        if isinstance(data, Mapping):
            return {key: plain(item) for key, item in data.items()}
        return [plain(item) for item in data] if isinstance(data, list | tuple) else data

    found: dict[str, Any] = plain(matrix)
    return found
