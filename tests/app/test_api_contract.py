"""schemathesis walks the OpenAPI description: no 5xx, no answer that the description does not know."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from everlearn.access import AccountKind, Role
from everlearn.app.asgi import api_app
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build
from everlearn.core.actor import Actor

pytestmark = pytest.mark.slow

ROOT = Actor("user:root")


@pytest.fixture(scope="module")
def description(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The description of the whole application, over a platform of its own, and an administrator's token."""
    home: Path = tmp_path_factory.mktemp("home")
    platform = build(load_settings({"home": str(home)}, environ={}).settings)
    platform.access.create_account("ada", AccountKind.PERSON, actor=ROOT)
    platform.access.grant("ada", "*", Role.ADMIN, actor=ROOT)
    token = platform.access.issue_token("ada", actor=ROOT).secret
    yield schemathesis.openapi.from_asgi("/api/openapi.json", api_app(platform)), token
    platform.close()


def test_every_answer_is_one_that_the_description_knows(
    description: tuple[Any, str], subtests: pytest.Subtests
) -> None:
    schema, token = description
    for operation in (found.ok() for found in schema.get_all_operations()):
        with subtests.test(operation=operation.label):
            walk(operation, {"authorization": f"Bearer {token}"})


def test_no_operation_that_asks_for_a_token_does_without(
    description: tuple[Any, str], subtests: pytest.Subtests
) -> None:
    schema, _ = description
    for operation in (found.ok() for found in schema.get_all_operations()):
        raw = operation.definition.raw
        path = re.sub(r"\{[^}]+\}", "1", operation.path)
        with subtests.test(operation=operation.label):
            answer = schemathesis.Case(operation=operation, method=operation.method, path=path).call()
            assert raw["security"] == [] or answer.status_code == 401


def walk(operation: Any, headers: dict[str, str]) -> None:
    """Ask one operation for all sorts of things, sensible and not."""

    @hypothesis.settings(
        max_examples=30,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: schemathesis.Case[Any]) -> None:
        # names have rules that a schema does not tell, so a well-typed request may be refused; never the other way.
        # Whether authentication is asked for is told below: the headers given here stay on in schemathesis' own probe
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance, ignored_auth])

    ask()
