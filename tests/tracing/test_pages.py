"""Pages of traces, as somebody sees them."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from tests.tracing.senders import BEGIN, SECOND, request_of, span, trace_id

from everlearn.app.asgi import api_app
from everlearn.app.settings import load_settings
from everlearn.app.wiring import build

MILLISECOND = SECOND // 1000


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient[Any]]:
    platform = build(load_settings({"home": str(tmp_path / "home"), "auth": "off"}, environ={}).settings)
    with TestClient(api_app(platform), base_url="http://127.0.0.1") as visiting:
        yield visiting
    platform.close()


def send(client: TestClient[Any], *spans: Any) -> None:
    headers = {"content-type": "application/x-protobuf", "x-mlflow-experiment-id": "0"}
    assert client.post("/v1/traces", content=request_of(spans).SerializeToString(), headers=headers).status_code == 200


def sees(client: TestClient[Any], path: str, **query: str) -> tuple[int, str]:
    answer = client.get(path, params=query or None, headers={"accept": "text/html"})
    return answer.status_code, answer.text


def text_of(html: str) -> str:
    """Give what stands on a page, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).replace("\u202f", " ").split())


def failing_trace(number: int = 1) -> list[Any]:
    begin = BEGIN + number * SECOND
    root = span(number, 1, name="answer", start=begin, end=begin + 2 * SECOND, status=2, attributes={
        "mlflow.spanInputs": {"question": "<script>alert(1)</script>"}})  # fmt: skip
    inner = span(number, 2, 1, name="find", start=begin + 500 * MILLISECOND, end=begin + 750 * MILLISECOND, status=2)
    inner.status.message = "the index is gone"
    return [root, inner, span(number, 3, 1, name="after", start=begin + SECOND, end=begin + SECOND)]


def test_the_list_tells_how_requests_went_and_leads_to_each(client: TestClient[Any]) -> None:
    send(client, *failing_trace(1), span(2, 1, name="quick", start=BEGIN + 90 * SECOND, end=BEGIN + 91 * SECOND))

    status, html = sees(client, "/projects/default/traces")

    assert (status, "1 of the newest 2 failed" in html) == (200, True)
    assert html.index(f"/projects/default/traces/{trace_id(2)}") < html.index(f"/projects/default/traces/{trace_id(1)}")
    assert "<script>alert" not in html
    _, narrowed = sees(client, "/projects/default/traces", filter="status = 'ERROR'")
    assert trace_id(1) in narrowed
    assert trace_id(2) not in narrowed
    _, elsewhere = sees(client, "/projects/default/traces", experiment="nobody's")
    assert trace_id(1) not in elsewhere


def test_a_filter_that_cannot_be_read_is_pointed_at(client: TestClient[Any]) -> None:
    status, html = sees(client, "/projects/default/traces", filter="status = OK")

    assert (status, "not quoted" in html, 'aria-invalid="true"' in html) == (400, True, True)


def test_many_traces_come_in_pages(client: TestClient[Any]) -> None:
    send(client, *(span(number, 1, start=BEGIN + number * SECOND) for number in range(1, 61)))

    _, first = sees(client, "/projects/default/traces")
    following = re.search(r'href="([^"]*after=[^"]*)" rel="next"', first)
    assert following is not None
    _, second = sees(client, unescape(following.group(1)))

    shown = [set(re.findall(r"/traces/(tr-[0-9a-f]+)", html)) for html in (first, second)]
    assert [len(one) for one in shown] == [50, 10]
    assert shown[0].isdisjoint(shown[1])


def test_a_trace_is_drawn_to_scale_and_begins_with_what_failed(client: TestClient[Any]) -> None:
    send(client, *failing_trace())

    status, html = sees(client, f"/projects/default/traces/{trace_id(1)}")

    assert status == 200
    assert "The step find failed: the index is gone." in text_of(html)
    bars = [
        tuple(map(float, one)) for one in re.findall(r'stretch-bar" x="([0-9.]+)" y="[0-9.]+" width="([0-9.]+)"', html)
    ]
    (whole_x, whole), (find_x, find), (after_x, _) = bars
    assert find == pytest.approx(whole / 8, abs=0.2)  # a quarter of a second of two
    assert find_x - whole_x == pytest.approx(whole / 4, abs=0.2)
    assert after_x - whole_x == pytest.approx(whole / 2, abs=0.2)
    assert re.search(r'aria-label="find, unknown: 250\s*ms" aria-current="true"', html.replace("\u202f", " "))


def test_each_step_can_be_looked_at_and_what_it_holds_is_text(client: TestClient[Any]) -> None:
    send(client, *failing_trace())

    _, html = sees(client, f"/projects/default/traces/{trace_id(1)}", step="0" * 15 + "1")

    assert "<script>alert" not in html
    assert "question: <script>alert(1)</script>" in text_of(html)


def test_a_trace_whose_steps_are_elsewhere_says_so(client: TestClient[Any]) -> None:
    info = {
        "trace_id": "tr-told",
        "trace_location": {"mlflow_experiment": {"experiment_id": "0"}},
        "state": "OK",
        "request_preview": "asked this",
    }
    client.post("/api/3.0/mlflow/traces", json={"trace": {"trace_info": info}})

    _, html = sees(client, "/projects/default/traces/tr-told")

    assert "uploaded them as a file" in html
    assert "asked this" in html


def test_what_is_not_there_is_a_page_that_says_so(client: TestClient[Any]) -> None:
    status, html = sees(client, "/projects/default/traces/tr-none")
    assert (status, "not found" in html) == (404, True)
    status, html = sees(client, "/projects/empty/traces")
    assert (status, "No traces yet" in html) == (200, True)
