"""Names under which people write secrets down, where everybody could read them, and what secrets look like."""

from __future__ import annotations

import re

_KEY = re.compile(
    r"(password|passwd|passphrase|token|(api|private|secret|access)[_.-]?key|client[_.-]?secret)$", re.IGNORECASE
)
_NO_SECRET = re.compile(r"yes|no|true|false|[01]|\$\(\w+\)", re.IGNORECASE)
"""A switch, or a reference to another variable."""

# Of what its issuer marks, so that it is found: access keys of AWS
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html), GitHub
# (https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats), GitLab
# (https://docs.gitlab.com/security/tokens/#token-prefixes), Slack (https://docs.slack.dev/authentication/tokens), and
# private keys (RFC 7468).
_MARKS = {
    **{name: rf"\b{name}[A-Z2-7]{{16}}\b" for name in ("AKIA", "ASIA")},
    **{f"gh{kind}_": rf"\bgh{kind}_[A-Za-z0-9]{{36}}" for kind in "pousr"},
    "github_pat_": r"\bgithub_pat_\w{22}",
    "glpat-": r"\bglpat-[\w-]{20}",
    "xox": r"\bxox[abprs]-\d",
    "-----BEGIN ": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
}
"""What each begins with, and its form."""
_MARKED = re.compile("|".join(_MARKS.values()))


def looks_secret(text: str) -> bool:
    """Whether a text has the form of an access key, a token or a private key, wherever it stands."""
    # A plan has thousands of texts, and hardly one has a mark.
    return any(mark in text for mark in _MARKS) and _MARKED.search(text) is not None


def is_secret(key: str, value: object) -> bool:
    """Whether a key of Helm values holds a secret, and not the name of one, a switch or nothing."""
    return _KEY.search(key) is not None and _may_be_secret(value)


def is_secret_variable(name: str, value: object) -> bool:
    """The same of an environment variable or a file: `APP_SECRET` holds one, where a key of Helm values names it."""
    return is_secret(name, value) or (name.lower().endswith("secret") and _may_be_secret(value))


def _may_be_secret(value: object) -> bool:
    return bool(value) and not _NO_SECRET.fullmatch(str(value))
