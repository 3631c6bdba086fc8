"""What programs inherit that this project starts: where things are, and no credentials.

A list of what is passed on, since nobody can list what CI systems and shells call their tokens.
"""

from __future__ import annotations

import os

_NAMES = frozenset(
    {
        *("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ"),
        *("LD_LIBRARY_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
        "BLUEPRINTS",
    }
)
_PREFIXES = ("LC_", "XDG_", "JSII_", "CDK_")
INSTALLERS = ("PIP_", "UV_", "npm_config_", "NPM_CONFIG_")
"""Where packages come from. The address of an index may hold a password, so only installers are given them."""

NO_CONFIGURATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""No SDK of AWS finds credentials by itself, those in the user's files and of the machine included."""


def inherited(*prefixes: str) -> dict[str, str]:
    """The environment for such a program; also what begins with these."""
    passed = (*_PREFIXES, *prefixes)
    kept = {name: value for name, value in os.environ.items() if name in _NAMES or name.startswith(passed)}
    return {**kept, **NO_CONFIGURATION}
