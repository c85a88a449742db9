import socket

import pytest

from everlearn.app.listening import (
    AddressInUseError,
    UnsafeAddressError,
    address_of,
    check_address,
    listen,
    url_of,
)
from everlearn.app.settings import Auth
from everlearn.core.errors import InvalidError


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_this_machine_may_do_without_authentication(host: str) -> None:
    check_address(host, Auth.OFF, has_admin=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "everlearn.example"])  # noqa: S104  # refused is the point
def test_any_other_address_is_refused_without_authentication(host: str) -> None:
    with pytest.raises(UnsafeAddressError, match="without authentication"):
        check_address(host, Auth.OFF, has_admin=True)


def test_any_other_address_is_refused_while_nobody_could_sign_in() -> None:
    with pytest.raises(UnsafeAddressError, match="everlearn access create"):
        check_address("192.0.2.1", Auth.TOKEN, has_admin=False)


def test_any_other_address_is_fine_with_tokens_and_an_admin() -> None:
    check_address("192.0.2.1", Auth.TOKEN, has_admin=True)


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(AddressInUseError, match=str(port)):
            listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(InvalidError, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_a_free_port_is_found_and_told() -> None:
    with listen("127.0.0.1", 0) as opened:
        host, port = address_of(opened)

        assert host == "127.0.0.1"
        assert url_of(opened) == f"http://127.0.0.1:{port}"


def test_everywhere_is_shown_as_this_machine() -> None:
    with listen("0.0.0.0", 0) as opened:  # noqa: S104  # closed at once
        assert url_of(opened).startswith("http://127.0.0.1:")
