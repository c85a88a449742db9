"""Requests that leave: to the address that was judged, under the name that was given, and no further."""

import asyncio
import datetime as dt
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from tests.egress.receiver import receiving

from everlearn.egress import AddressRefusedError, Allowed, Egress, Limits, Reply, UnreachableError, UnresolvedError

HERE = Allowed.parsed(["127.0.0.1"])


def sent(egress: Egress, url: str) -> Reply:
    return asyncio.run(egress.post(url, b"{}", {"X-Name": "value"}))


def answering(*answers: str) -> tuple[Callable[[str], list[str]], list[str]]:
    """A resolver that gives one answer after another, the last for ever, and the questions that it was asked."""
    asked: list[str] = []

    def resolve(host: str) -> list[str]:
        asked.append(host)
        return [answers[min(len(asked), len(answers)) - 1]]

    return resolve, asked


def test_a_name_is_resolved_once_and_its_host_header_is_the_name() -> None:
    resolver, asked = answering("127.0.0.1", "10.0.0.1")
    with receiving() as receiver:
        reply = sent(Egress(allowed=HERE, resolver=resolver), f"http://hooks.example:{receiver.port}/a?b=c")

    assert (reply.status, reply.body) == (200, b"taken")
    assert asked == ["hooks.example"]
    (request,) = receiver.received
    assert (request.path, request.body, request.headers["x-name"]) == ("/a?b=c", "{}", "value")
    assert request.headers["host"] == f"hooks.example:{receiver.port}"


def test_a_name_that_turns_private_after_the_check_is_not_sent_to() -> None:
    resolver, _ = answering("93.184.216.34", "127.0.0.1")
    with receiving() as receiver:
        egress = Egress(resolver=resolver)
        egress.check(f"https://rebound.example:{receiver.port}/")
        with pytest.raises(AddressRefusedError):
            sent(egress, f"https://rebound.example:{receiver.port}/")

    assert receiver.received == []


def test_redirects_are_told_and_not_followed() -> None:
    with receiving() as receiver, receiving() as inside:
        receiver.answers.append((307, {"Location": inside.url}, b""))
        reply = sent(Egress(allowed=HERE), receiver.url)

    assert (reply.status, inside.received) == (307, [])


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with receiving() as receiver:
        assert sent(Egress(allowed=HERE), receiver.url).status == 200


def test_an_answer_without_end_is_cut() -> None:
    with receiving() as receiver:
        receiver.endless = True
        reply = sent(Egress(allowed=HERE, limits=Limits(answer_bytes=1_000)), receiver.url)

    assert len(reply.body) == 1_000


def test_a_receiver_that_says_nothing_is_not_waited_for() -> None:
    with receiving() as receiver:
        receiver.hold = threading.Event()
        with pytest.raises(UnreachableError, match="took longer than"):
            sent(Egress(allowed=HERE, limits=Limits(total_s=0.2)), receiver.url)


def test_another_address_of_the_name_is_tried_when_one_does_not_answer() -> None:
    with receiving() as receiver:
        egress = Egress(allowed=Allowed.parsed(["127.0.0.0/8"]), resolver=lambda _: ["127.0.0.2", "127.0.0.1"])
        assert sent(egress, f"http://hooks.example:{receiver.port}/").status == 200


def test_what_is_closed_or_has_no_address_is_told_apart() -> None:
    def nobody(_: str) -> list[str]:
        raise OSError("no such name")

    with receiving() as receiver:
        closed = receiver.url
    with pytest.raises(UnreachableError):
        sent(Egress(allowed=HERE), closed)
    with pytest.raises(UnresolvedError):
        sent(Egress(resolver=nobody), "https://nowhere.example/")


def test_the_certificate_is_checked_against_the_name_and_not_the_address(tmp_path: Path) -> None:
    server, client = certificates(tmp_path, "hooks.example")
    with receiving(server) as receiver:
        egress = replace(Egress(allowed=HERE, resolver=lambda _: ["127.0.0.1"]), trust=client)

        assert sent(egress, f"https://hooks.example:{receiver.port}/").status == 200
        with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):
            sent(egress, f"https://other.example:{receiver.port}/")
        with pytest.raises(UnreachableError, match="CERTIFICATE_VERIFY_FAILED"):  # nobody trusts it by default
            sent(replace(egress, trust=None), f"https://hooks.example:{receiver.port}/")
    assert len(receiver.received) == 1


def certificates(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server that is called `name`, and a client that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain = folder / "chain.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    chain.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    return server, ssl.create_default_context(cadata=certificate.public_bytes(pem).decode())
