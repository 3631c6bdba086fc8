"""Reaching the Kubernetes API, on loopback."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from blueprint import Plan
from tests.tools.doctor.account import Account, worst
from tests.tools.doctor.ready import live
from tools.doctor.checks import reach
from tools.doctor.checks.reach import kubernetes_api, unreachable


def authority(folder: Path, name: str) -> tuple[Path, str]:
    """A file with key and certificate of 127.0.0.1, and the certificate as EKS gives it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / f"{name}.pem"
    file.write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain) + pem)
    return file, base64.b64encode(pem).decode()


@contextmanager
def server(file: Path) -> Iterator[str]:
    """An API server that greets one client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            connection, _ = listening.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = Thread(target=greet)
        thread.start()
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(5)


def test_the_cluster_itself_answers(tmp_path: Path) -> None:
    file, ca = authority(tmp_path, "cluster")
    with server(file) as endpoint:
        assert unreachable(endpoint, ca) == ""


def test_another_server_does_not_pass_for_it(tmp_path: Path) -> None:
    _, ca = authority(tmp_path, "cluster")
    other, _ = authority(tmp_path, "proxy")
    with server(other) as endpoint:
        assert "CERTIFICATE_VERIFY_FAILED" in unreachable(endpoint, ca)


def test_nobody_listens(tmp_path: Path) -> None:
    _, ca = authority(tmp_path, "cluster")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "refused" in unreachable(f"https://127.0.0.1:{port}", ca)


def test_somebody_listens_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "TIMEOUT_SECONDS", 0.1)
    _, ca = authority(tmp_path, "cluster")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        assert unreachable(f"https://127.0.0.1:{listening.getsockname()[1]}", ca) == "no answer in 0.1 s"


def test_a_name_that_does_not_resolve(tmp_path: Path) -> None:
    _, ca = authority(tmp_path, "cluster")
    assert unreachable("https://nobody.invalid", ca)


@pytest.mark.parametrize("ca", ["", "no base64", base64.b64encode(b"no PEM").decode()])
def test_no_authority(ca: str) -> None:
    assert unreachable("https://127.0.0.1:1", ca)


ENDPOINT = "https://0123456789ABCDEF.gr7.us-west-2.eks.amazonaws.com"


def with_endpoint(account: Account, plan: Plan, *, public: bool) -> None:
    network = {"vpcId": "vpc-1", "endpointPublicAccess": public, "publicAccessCidrs": ["203.0.113.0/24"]}
    live(account, plan, endpoint=ENDPOINT, certificateAuthority={"data": "x"}, resourcesVpcConfig=network)


def answers(monkeypatch: pytest.MonkeyPatch, failure: str) -> None:
    monkeypatch.setattr(reach, "unreachable", lambda endpoint, _: failure if endpoint == ENDPOINT else "other")


def test_without_a_cluster_nothing_is_reached_for(account: Account, small: Plan) -> None:
    assert account.found(kubernetes_api, small) == []


@pytest.mark.parametrize("public", [True, False])
def test_reached(public: bool, account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    with_endpoint(account, small, public=public)
    answers(monkeypatch, "")
    (found,) = account.found(kubernetes_api, small)
    assert (found.status, found.what) == ("ok", f"this machine reaches {ENDPOINT}")


def test_a_private_endpoint_is_not_reached_from_outside(
    account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_endpoint(account, small, public=False)
    answers(monkeypatch, "no answer in 3 s")
    (found,) = account.found(kubernetes_api, small)
    assert found.status == "ok"
    assert "inside the VPC only" in found.what


def test_a_public_one_should_be(account: Account, small: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    with_endpoint(account, small, public=True)
    answers(monkeypatch, "no answer in 3 s")
    found = worst(account.found(kubernetes_api, small))
    assert found.status == "warning"
    assert "203.0.113.0/24" in found.why
