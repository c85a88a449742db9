from typing import Any

import pytest
from tests.web.kit import Client, kit_litestar

from everlearn.web.api_reference import described


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The description of the kit's application."""
    return described(kit_litestar())


def test_every_operation_documents_the_answers_that_can_come(schema: dict[str, Any]) -> None:
    post = schema["paths"]["/api/projects/{project}/fruit"]["post"]

    assert set(post["responses"]) == {"201", "400", "401", "403", "404", "405", "409", "413", "503", "507"}


def test_error_answers_share_one_schema(schema: dict[str, Any]) -> None:
    answers = schema["components"]["responses"].values()

    assert {answer["content"]["application/json"]["schema"]["$ref"] for answer in answers} == {
        "#/components/schemas/Error"
    }


def test_the_docstring_is_the_description(schema: dict[str, Any]) -> None:
    assert schema["paths"]["/api/whoever"]["get"]["description"] == "Say who is asking."


def test_a_token_is_asked_for_unless_the_route_is_public(schema: dict[str, Any]) -> None:
    assert schema["paths"]["/api/whoever"]["get"]["security"] == [{"token": []}]


def test_pages_and_hidden_routes_are_not_described(schema: dict[str, Any]) -> None:
    assert all(path.startswith("/api/") and "fail" not in path for path in schema["paths"])


def test_the_description_is_served_to_anybody_and_readable_by_people(client: Client) -> None:
    del client.headers["authorization"]

    assert client.get("/api/openapi.json").json()["openapi"].startswith("3.")
    page = client.get("/api")
    assert page.headers["content-type"].startswith("text/html")
    assert "/api/projects/{project}/fruit" in page.text
