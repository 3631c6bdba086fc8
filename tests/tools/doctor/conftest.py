"""An account for each test, without network, credentials or waiting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import pytest

from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from tests.blueprint.examples import SMALL
from tests.tools.doctor.account import Account
from tests.tools.doctor.ready import Writers, empty, writers
from tools.doctor.aws import Aws

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
    "MOTO_ACCOUNT_ID": SMALL.account,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",  # 1,300 of them in each test
}


@pytest.fixture(scope="session")
def small() -> Plan:
    """The plan of a small cluster."""
    return plan(SMALL)


@pytest.fixture(autouse=True, scope="session")
def environment() -> Iterator[None]:
    """Credentials of nobody, and no way out."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        patch.setattr("botocore.httpsession.URLLib3Session.send", _no_network)
        yield


def _no_network(_: object, request: Any) -> NoReturn:
    raise AssertionError(f"a test reaches for {request.url}")


@pytest.fixture(scope="session")
def clients(environment: None) -> Aws:
    """Made once, since it takes a quarter of a second."""
    import moto.core.botocore_stubber  # noqa: F401  # clients made before do not know moto

    return Aws(SMALL.region)


@pytest.fixture(scope="session")
def all_writers(clients: Aws) -> Writers:
    """Made once as well."""
    return writers(clients.region)


@pytest.fixture
def moto(clients: Aws) -> Iterator[None]:
    """Moto answers what the test does not."""
    from moto import mock_aws

    with mock_aws():
        yield


@pytest.fixture
def make(all_writers: Writers, moto: None) -> Writers:
    """Clients that furnish moto's account."""
    return all_writers


@pytest.fixture
def account(clients: Aws) -> Iterator[Account]:
    """One that has nothing yet, and answers what the test says; with the fixture moto also what moto knows."""
    account = Account(clients)
    empty(account)
    yield account
    account.close()
