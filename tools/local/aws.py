"""The way to the emulator and to nowhere else: endpoint, environment, clients."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tools.environment import NO_CONFIGURATION
from tools.local.errors import LocalError

# Not 127.0.0.1: the CLI derives the address of templates in S3 from it.
HOST = "localhost"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def checked(endpoint: str) -> str:
    """The endpoint, if it is on this machine: nothing here may ever reach AWS."""
    host = urlsplit(endpoint).hostname
    if host not in _LOOPBACK:
        raise LocalError(f"The endpoint {endpoint} is not on this machine; refusing to send anything to it.")
    return endpoint


def isolate() -> None:
    """Takes out of this process's environment whatever could lead an AWS SDK elsewhere."""
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            del os.environ[name]
    os.environ |= NO_CONFIGURATION


@dataclass(frozen=True)
class Account:
    """One account and region of the emulator, which takes an access key of 12 digits for the account."""

    endpoint: str
    account: str
    region: str

    def __post_init__(self) -> None:
        checked(self.endpoint)

    def client(self, service: str) -> Any:
        """A boto3 client."""
        import boto3
        from botocore.config import Config

        # Its types know a name only where it is written out.
        client: Callable[..., Any] = boto3.client
        return client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.account,
            aws_secret_access_key="local",  # noqa: S106  # the emulator takes any
            config=Config(retries={"max_attempts": 2}, proxies={}),
        )

    def environment(self, home: Path) -> dict[str, str]:
        """Variables for a program that talks to AWS: nothing is inherited but where programs are."""
        return {
            **bare(home),
            **NO_CONFIGURATION,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.account,
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


def bare(home: Path) -> dict[str, str]:
    """An environment of its own: no credentials, no profile, no proxy; files go into `home`."""
    home.mkdir(parents=True, exist_ok=True)
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}


def program(name: str, root: Path) -> str:
    """A program of this project's environment."""
    found = shutil.which(name, path=str(root / ".venv" / "bin"))
    if found is None:
        raise LocalError(f"{name} is missing from .venv/bin: run make setup")
    return found
