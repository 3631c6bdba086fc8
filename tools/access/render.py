"""Tables as plain text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.access.account import NOTHING, AccountAccess
from tools.access.matrix import Matrix
from tools.access.tables import account_tables, tables
from tools.tables import markdown_table, text_table


def heading(matrix: Matrix) -> str:
    """What the tables are about."""
    return f"{matrix.cluster}: account {matrix.account}, {matrix.region}"


def as_text(matrix: Matrix, account: AccountAccess = NOTHING) -> str:
    """For a terminal; the same when it is piped."""
    found = (*tables(matrix, full=False), *account_tables(account))
    return "\n\n".join([heading(matrix), *(text_table(table) for table in found if table.rows)])


def as_markdown(matrix: Matrix, account: AccountAccess = NOTHING) -> str:
    """For a pull request, in full."""
    found = (*tables(matrix, full=True), *account_tables(account))
    return "\n\n".join([f"## {heading(matrix)}", *(markdown_table(table) for table in found if table.rows)])


def as_json(matrix: Matrix, account: AccountAccess = NOTHING) -> dict[str, Any]:
    """All of it, under the names of the fields."""

    def plain(data: Any) -> Any:
        if isinstance(data, tuple) and hasattr(data, "_asdict"):
            return plain(data._asdict())
        if isinstance(data, Mapping):
            return {key: plain(item) for key, item in data.items()}
        return [plain(item) for item in data] if isinstance(data, list | tuple) else data

    return {**plain(matrix), **plain(account)}
