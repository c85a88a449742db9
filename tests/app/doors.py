"""The doors of one package over a platform: its routes with the real gate, its commands with the real services."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import typer
from litestar import Litestar
from litestar.testing import TestClient
from litestar.types import ControllerRouterHandler
from tests.app.lived import ADA, Life, living
from tests.app.small_world import BEGIN
from typer.testing import CliRunner

from everlearn.access import AccountKind, Role
from everlearn.access.gate import TokenGate
from everlearn.app.platform import Platform
from everlearn.cli.services import provided
from everlearn.web.application import Site, make_litestar
from everlearn.web.metrics import http_metrics


@dataclass(frozen=True)
class Doors:
    """A client, and a token for each role."""

    client: TestClient[Litestar]
    tokens: dict[Role, str]

    def get(self, path: str, role: Role = Role.VIEWER, **query: Any) -> Any:
        """Look."""
        return self.client.get(path, params=query, headers=self._headers(role))

    def post(self, path: str, body: Any, role: Role = Role.OPERATOR) -> Any:
        """Ask for something to be done."""
        return self.client.post(path, json=body, headers=self._headers(role))

    def put(self, path: str, body: Any, role: Role = Role.APPROVER) -> Any:
        """Put something in place."""
        return self.client.put(path, json=body, headers=self._headers(role))

    def _headers(self, role: Role) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[role]}"}


@contextmanager
def doors(platform: Platform, handlers: Sequence[ControllerRouterHandler]) -> Iterator[Doors]:
    """Open a package's routes, to an account of each role in the project `default`."""
    tokens = {}
    for role in Role:
        platform.access.create_account(role.value, AccountKind.PERSON, actor=ADA)
        platform.access.grant(role.value, "default", role, actor=ADA)
        tokens[role] = platform.access.issue_token(role.value, actor=ADA).secret
    site = Site(
        handlers=handlers, services=platform.services(), gate=TokenGate(platform.access), metrics=http_metrics()
    )
    with TestClient(make_litestar(site), base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
        yield Doors(client, tokens)


def told(platform: Platform, app: typer.Typer, *arguments: str) -> Any:
    """Run one command with the services of a platform; its errors pass."""
    with provided(platform.find):
        return CliRunner().invoke(app, arguments, catch_exceptions=False)


@cache
def _young_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="everlearn-young-"))
    with living(home) as life:
        life.platform.policies.set("default", "eta", "gate", {"minimum_rows": 100, "minimum_blocks": 4}, actor=ADA)
        life.train("eta-training", BEGIN, key="first")
        life.register("eta", spoilt=1.6)
    return home


@contextmanager
def young(home: Path) -> Iterator[Life]:
    """Open a platform of which version 1 answers and version 2 was rejected by its gate: a copy, to be changed."""
    shutil.copytree(_young_home(), home)
    with living(home) as life:
        yield life
