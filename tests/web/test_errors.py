import json
import logging

import pytest
from tests.web.kit import ERRORS, Client

STATUSES = {
    "not_found": 404,
    "invalid": 400,
    "conflict": 409,
    "denied": 403,
    "unauthenticated": 401,
    "too_large": 413,
    "unavailable": 503,
    "storage_full": 507,
    "damaged": 500,
    "missing_extra": 501,
    "everlearn.error": 500,
}


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_kind_has_the_one_shape_and_its_status(code: str, client: Client) -> None:
    answer = client.get(f"/api/fail/{code}")

    assert answer.status_code == STATUSES[code]
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"code": code, "message": ERRORS[code].message, "details": ERRORS[code].details}


def test_who_is_unknown_learns_how_to_say_who_they_are(client: Client) -> None:
    assert client.get("/api/fail/unauthenticated").headers["www-authenticate"].startswith("Bearer")


def test_who_shall_try_later_learns_when(client: Client) -> None:
    assert client.get("/api/fail/unavailable").headers["retry-after"] == "7"


def test_a_defect_tells_nothing_of_the_inside_and_is_found_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = client.get("/api/fail/secret-name")  # a KeyError inside

    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "KeyError" not in answer.text
    assert "secret-name" not in answer.text
    assert answer.json()["details"]["report"] in {getattr(record, "report", "") for record in caplog.records}


def test_an_unknown_path_is_not_found(client: Client) -> None:
    answer = client.get("/api/nothing/here")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_method_that_a_path_does_not_know_is_405_and_names_those_it_knows(client: Client) -> None:
    answer = client.delete("/api/projects/p/fruit")

    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


def test_malformed_json_is_400(client: Client) -> None:
    answer = client.post("/api/projects/p/fruit", content=b'{"name": ')

    assert (answer.status_code, answer.json()["code"]) == (400, "web.malformed_json")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": 3}, "$.name"),
        ({"name": "fig", "weights": [1, "2"]}, "$.weights[1]"),
        ({"name": "fig", "weights": [1, -2]}, "$.weights[1]"),
        ({}, "$"),
        ({"name": "fig", "colour": "red"}, "$"),
        ([], "$"),
        (None, "$"),
    ],
)
def test_a_wrong_type_is_400_and_says_where(body: object, path: str, client: Client) -> None:
    answer = client.post("/api/projects/p/fruit", content=json.dumps(body))

    assert (answer.status_code, answer.json()["code"]) == (400, "web.wrong_type")
    assert answer.json()["details"]["path"] == path


def test_a_missing_body_is_400(client: Client) -> None:
    answer = client.post("/api/projects/p/fruit")

    assert answer.status_code == 400
    assert answer.json()["details"]["fields"][0]["path"] == "body"


def test_text_that_no_database_keeps_is_400(client: Client) -> None:
    body = client.post("/api/projects/p/fruit", content=b'{"name": "a\\u0000b"}')
    query = client.get("/api/projects/p/fruit?limit=%00")
    path = client.get("/api/projects/a%00b/fruit")

    assert (body.status_code, query.status_code, path.status_code) == (400, 400, 404)


def test_half_a_character_is_400(client: Client) -> None:
    assert client.post("/api/projects/p/fruit", content=b'{"name": "\\ud800"}').status_code == 400
    assert client.post("/api/projects/p/fruit", content=b'{"name": "\xff"}').status_code == 400


def test_a_body_over_the_limit_is_413_and_names_the_limit(client: Client) -> None:
    answer = client.post("/api/projects/p/fruit", content=b"x" * 10_001)

    assert (answer.status_code, answer.json()["code"]) == (413, "web.body_too_large")
    assert answer.json()["details"] == {"limit": 10_000}


def test_a_wrong_query_is_400_and_names_the_parameter(client: Client) -> None:
    answer = client.get("/api/projects/p/fruit?limit=many")

    assert answer.status_code == 400
    assert answer.json()["details"]["fields"] == [
        {"path": "limit", "message": "Expected `int`, got `str`", "in": "query"}
    ]


def test_a_number_that_no_database_holds_is_refused_in_path_and_query(client: Client) -> None:
    large = "9" * 25

    assert client.get(f"/api/projects/p/fruit/{large}").status_code == 404
    assert client.get(f"/api/projects/p/fruit?limit={large}").status_code == 400


def test_deeply_nested_json_is_refused(client: Client) -> None:
    answer = client.post("/api/projects/p/fruit", content=b'{"name": ' + b"[" * 4_000)

    assert answer.status_code == 400


@pytest.mark.parametrize(("code", "status"), [("not_found", 404), ("denied", 403), ("unavailable", 503)])
def test_a_person_gets_the_failure_as_a_page(code: str, status: int, client: Client) -> None:
    answer = client.get(f"/page/{code}", headers={"accept": "text/html"})

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert ERRORS[code].message in answer.text


def test_a_person_who_is_not_signed_in_is_sent_to_sign_in_and_back(client: Client) -> None:
    answer = client.get("/page/unauthenticated?a=1", headers={"accept": "text/html"}, follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?wanted=%2Fpage%2Funauthenticated%3Fa%3D1"


def test_below_api_even_a_browser_gets_json(client: Client) -> None:
    answer = client.get("/api/fail/denied", headers={"accept": "text/html"})

    assert answer.headers["content-type"] == "application/json"
