import pytest
from tests.web.kit import Client, kit_client

from everlearn.web.metrics import http_metrics
from everlearn.web.static_files import static_path


@pytest.mark.parametrize("path", ["/api/whoever", "/api/nothing", "/api", "/api/fail/damaged", "/page/not_found"])
def test_every_answer_carries_the_security_headers(path: str, client: Client) -> None:
    headers = client.get(path).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert len(headers["x-request-id"]) == 16


def test_static_files_are_named_by_their_content_and_kept_for_a_year(client: Client) -> None:
    answer = client.get(static_path("app.css"))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    "path", ["/static/app.css", "/static/..%2f..%2fapp.py", "/static/%2e%2e/errors.py", "/static/../errors.py"]
)
def test_no_other_name_reaches_a_file(path: str, client: Client) -> None:
    assert client.get(path).status_code == 404


def test_requests_are_counted_by_route_and_not_by_address() -> None:
    metrics = http_metrics()

    with kit_client(metrics) as client:
        client.get("/api/projects/one/fruit/1")
        client.get("/api/projects/two/fruit/2")
        client.get("/api/nothing/at/all")

    text = metrics.exposition().decode()
    counted = 'method="GET",route="/api/projects/{project}/fruit/{number}",status="200"'
    assert f"everlearn_http_requests_total{{{counted}}} 2.0" in text
    assert 'route="(no route)",status="404"' in text
    assert "/api/nothing" not in text
