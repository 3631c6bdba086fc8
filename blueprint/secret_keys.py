"""Names under which people write secrets down, where everybody could read them."""

from __future__ import annotations

import re

_KEY = re.compile(
    r"(password|passwd|passphrase|token|(api|private|secret|access)[_.-]?key|client[_.-]?secret)$", re.IGNORECASE
)
_NO_SECRET = re.compile(r"yes|no|true|false|[01]|\$\(\w+\)", re.IGNORECASE)
"""A switch, or a reference to another variable."""


def is_secret(key: str, value: object) -> bool:
    """Whether a key of Helm values holds a secret, and not the name of one, a switch or nothing."""
    return _KEY.search(key) is not None and _may_be_secret(value)


def is_secret_variable(name: str, value: object) -> bool:
    """The same of an environment variable or a file: `APP_SECRET` holds one, where a key of Helm values names it."""
    return is_secret(name, value) or (name.lower().endswith("secret") and _may_be_secret(value))


def _may_be_secret(value: object) -> bool:
    return bool(value) and not _NO_SECRET.fullmatch(str(value))
