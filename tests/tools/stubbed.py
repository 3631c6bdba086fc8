"""Clients of AWS that answer what a test has told them, in that order, and are asked for all of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import boto3
import pytest
from botocore.stub import Stubber


@contextmanager
def stubbed(service: str, module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """In the place of the client that a module makes."""
    made = boto3.Session("testing", "testing").client(service, region_name="us-east-1")  # type: ignore[call-overload]  # boto3-stubs know literals only
    monkeypatch.setattr(module, "client", lambda: made)
    with Stubber(made) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
