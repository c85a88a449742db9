"""Bad input and bad surroundings, against real processes: one clear error each, and nothing half done."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.app.processes import Platform, everlearn, running

pytestmark = pytest.mark.slow

UP = ("up", "--api-port", "0", "--gateway-port", "0")
NOWHERE = "postgresql://somebody:secret@127.0.0.1:1/nowhere"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """A platform that reads bodies of up to two megabytes."""
    with running(tmp_path_factory.mktemp("home"), EVERLEARN_BODY_LIMIT_MB="2") as started:
        yield started


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for three megabytes; only root can make one."""
    place = tmp_path / "small"
    place.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("no command `mount` here")
    made = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("only root can mount a small file system")
    yield place
    subprocess.run([unmount, "-l", str(place)], check=True)


def raw(platform: Platform, request: bytes) -> bytes:
    """Send bytes as they are and give the whole answer."""
    url = httpx.URL(platform.pages)
    with socket.create_connection((url.host, url.port or 80), timeout=30) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    return answer


def only_error(result: subprocess.CompletedProcess[str]) -> str:
    """Give the one line that the command complained with."""
    lines = result.stderr.splitlines()
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert [line for line in lines if line.startswith("error: ")] == lines[:1]
    return lines[0]


def test_a_body_that_announces_too_much_is_413(platform: Platform) -> None:
    answer = platform.client.post("/api/access/accounts", content=b"x" * 20 * MEGABYTE)

    assert (answer.status_code, answer.json()["code"]) == (413, "web.body_too_large")


def test_a_body_that_grows_too_large_without_announcing_it_is_413(platform: Platform) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * 100_000

    answer = platform.client.post("/api/access/accounts", content=chunks())

    assert answer.status_code == 413


def test_malformed_json_changes_nothing(platform: Platform) -> None:
    before = platform.client.get("/api/access/accounts").json()

    answer = platform.client.post("/api/access/accounts", content=b'{"name": "eve", ')

    assert (answer.status_code, answer.json()["code"]) == (400, "web.malformed_json")
    assert platform.client.get("/api/access/accounts").json() == before


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../etc/passwd",
        "/static/..%2f..%2f..%2fetc%2fpasswd",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/api/access/tokens/..%2f..%2fx",
    ],
)
def test_no_path_leads_to_a_file(path: str, platform: Platform) -> None:
    answer = raw(platform, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    assert answer.split(b" ")[1] in {b"400", b"401", b"404", b"405"}
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "request_line",
    [b"GARBAGE\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"GET " + b"/a" * 70_000],
)
def test_what_is_no_http_does_not_hurt_the_server(request_line: bytes, platform: Platform) -> None:
    raw(platform, request_line)

    assert platform.client.get("/health/live").status_code == 200


def test_a_caller_that_hangs_up_does_not_hurt_the_server(platform: Platform) -> None:
    url = httpx.URL(platform.pages)
    for _ in range(20):
        with socket.create_connection((url.host, url.port or 80)) as connection:
            connection.sendall(b"POST /api/access/accounts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")

    assert platform.client.get("/health/ready").status_code == 200


@pytest.mark.parametrize(
    "command",
    [UP, ("api",), ("worker",), ("gateway",), ("access", "accounts")],
)
def test_an_unreachable_postgresql_is_one_error_and_exit_3(command: tuple[str, ...], tmp_path: Path) -> None:
    result = everlearn(*command, home=tmp_path, EVERLEARN_DATABASE_URL=NOWHERE)

    assert result.returncode == 3
    assert "does not answer" in only_error(result)
    assert "secret" not in result.stderr


@pytest.mark.parametrize("command", [UP, ("api",), ("access", "accounts")])
def test_a_corrupt_sqlite_file_is_one_error_and_exit_1_and_is_left_alone(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    content = b"this was never a database" * 1_000
    (tmp_path / "everlearn.db").write_bytes(content)

    result = everlearn(*command, home=tmp_path)

    assert result.returncode == 1
    assert "damaged" in only_error(result)
    assert (tmp_path / "everlearn.db").read_bytes() == content


def test_a_home_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    result = everlearn("up", home=tmp_path / "file" / "home")

    assert result.returncode == 3
    assert "cannot be used" in only_error(result)


def test_a_wrong_setting_is_one_error_that_names_it(tmp_path: Path) -> None:
    result = everlearn("api", home=tmp_path, EVERLEARN_API_PORT="many")

    assert result.returncode == 1
    assert "api_port (from EVERLEARN_API_PORT) must be a whole number" in only_error(result)


def test_another_address_than_this_machines_is_refused_without_authentication(tmp_path: Path) -> None:
    result = everlearn("up", home=tmp_path, EVERLEARN_API_HOST="0.0.0.0", EVERLEARN_AUTH="off")  # noqa: S104  # refused

    assert result.returncode == 1
    assert "without authentication" in only_error(result)


def test_another_address_is_refused_while_there_is_no_admin(tmp_path: Path) -> None:
    result = everlearn("api", home=tmp_path, EVERLEARN_API_HOST="0.0.0.0", EVERLEARN_API_PORT="0")  # noqa: S104  # refused

    assert result.returncode == 1
    assert "everlearn access create" in only_error(result)


def test_a_full_disk_is_507_and_leaves_nothing_half_written(small_disk: Path) -> None:
    with running(small_disk) as started:
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass  # full now

        answers = [started.client.post("/api/access/accounts", json={"name": f"eve-{n}"}) for n in range(40)]
        refused = [answer for answer in answers if answer.status_code != 201]
        filler.unlink()
        listed = started.client.get("/api/access/accounts?limit=100").json()["items"]

        assert refused, "there was room for forty accounts after all"
        assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(507, "storage_full")}
        made = {answer.json()["name"] for answer in answers if answer.status_code == 201}
        assert {account["name"] for account in listed} == made | {"admin"}
        assert started.client.post("/api/access/accounts", json={"name": "after"}).status_code == 201
