"""`everlearn up`: all roles in one process tree on this machine, over one home folder."""

import http.client
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from everlearn.app.foundation import an_admin, ensure_admin, open_foundation
from everlearn.app.listening import address_of, check_address, listen, url_of
from everlearn.app.logs import configure_logging
from everlearn.app.settings import Auth, Settings, as_environment
from everlearn.app.supervisor import SOCKET_VARIABLE, ChildSpec, Supervisor
from everlearn.cli.sole_use import sole_use
from everlearn.core.errors import UnavailableError

API_READY = "/health/ready"
GATEWAY_READY = "/v2/health/ready"
_READY_WITHIN_S = 60.0
_ASK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What people and programs need to know of a platform that is up."""

    pages: str
    gateway: str
    login: str  # signs a browser in once; without authentication: the start page
    token: str | None  # the first administrator's, the first time only
    home: str

    def as_line(self) -> str:
        """Write it as one line of JSON, for a program that waits for it."""
        return json.dumps(asdict(self))


def run_up(settings: Settings, announce: Callable[[Running], None]) -> None:
    """Start every role, announce once they are ready, keep them alive until told to stop.

    Raises
    ------
    AlreadyUpError
        When the home folder is in use.
    UnavailableError
        When the database does not answer, or the roles are not ready within a minute.
    """
    with sole_use(settings.home), _opened(settings) as (api, gateway):
        configure_logging(settings.log_level, str(settings.home / "logs" / "supervisor.log"))
        supervisor = Supervisor(specs=child_specs(settings, api, gateway))
        _stop_on_signals(supervisor.stop)
        supervisor.start()  # first, because they take longest; each can prepare the database as well as we can
        waiting = _Waiting(supervisor.stop, ((api, API_READY), (gateway, GATEWAY_READY)))
        try:
            token, ticket = _prepared(settings)
            running = Running(
                pages=url_of(api),
                gateway=url_of(gateway),
                login=f"{url_of(api)}/login?ticket={ticket}" if ticket else url_of(api),
                token=token,
                home=str(settings.home),
            )
            waiter = threading.Thread(target=waiting.announce_when_ready, args=(lambda: announce(running),))
            waiter.start()
        except BaseException:  # whatever it is, no process may outlive us
            supervisor.end()
            raise
        supervisor.run()
        waiter.join()
    if waiting.is_in_vain:
        raise UnavailableError(f"not ready after a minute; {settings.home / 'logs'} says why")


def child_specs(settings: Settings, api: socket.socket, gateway: socket.socket) -> list[ChildSpec]:
    """List the processes to keep alive, each with its name, its log and its socket."""
    workers = [f"worker-{number}" for number in range(1, settings.workers + 1)]
    return [
        _spec(settings, "api", "api", api),
        *(_spec(settings, name, "worker", None) for name in workers),
        _spec(settings, "gateway", "gateway", gateway),
    ]


def _spec(settings: Settings, name: str, role: str, opened: socket.socket | None) -> ChildSpec:
    environment = as_environment(settings) | {
        "EVERLEARN_WORKER_NAME": name if role == "worker" else settings.worker_name,
        "EVERLEARN_LOG_FILE": str(settings.home / "logs" / f"{name}.log"),
        SOCKET_VARIABLE: "" if opened is None else str(opened.fileno()),
    }
    return ChildSpec(
        name=name,
        role=role,
        environment=environment,
        descriptors=() if opened is None else (opened.fileno(),),
        complaints=settings.home / "logs" / f"{name}.err",
    )


def _prepared(settings: Settings) -> tuple[str | None, str | None]:
    """Bring the database up to date and see to it that somebody can sign in; give a new token and a ticket."""
    foundation = open_foundation(settings)
    try:
        if settings.auth is Auth.OFF:
            return None, None
        token = ensure_admin(foundation.access)
        return token, foundation.access.issue_ticket(an_admin(foundation.access))
    finally:
        foundation.close()


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[socket.socket, socket.socket]]:
    for host in (settings.api_host, settings.gateway_host):
        check_address(host, settings.auth, has_admin=True)  # `_prepared` makes one
    with (
        listen(settings.api_host, settings.api_port) as api,
        listen(settings.gateway_host, settings.gateway_port) as gateway,
    ):
        yield api, gateway


def _stop_on_signals(stop: threading.Event) -> None:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: stop.set())


@dataclass(slots=True)
class _Waiting:
    """Waits in a thread until every server answers that it is ready."""

    stop: threading.Event
    asked: tuple[tuple[socket.socket, str], ...]
    is_in_vain: bool = False

    def announce_when_ready(self, announce: Callable[[], None]) -> None:
        deadline = time.monotonic() + _READY_WITHIN_S
        for opened, path in self.asked:
            while not _is_ready(*address_of(opened), path):
                if self.stop.wait(_ASK_EVERY_S):
                    return
                if time.monotonic() > deadline:
                    self.is_in_vain = True
                    self.stop.set()
                    return
        announce()


def _is_ready(host: str, port: int, path: str) -> bool:
    asked = http.client.HTTPConnection(host, port, timeout=5)
    try:
        asked.request("GET", path)
        return asked.getresponse().status == 200
    except OSError:
        return False
    finally:
        asked.close()
