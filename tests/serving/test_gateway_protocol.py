"""What the gateway says on the wire, to good requests and to bad ones."""

import gzip
import json
import zlib
from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest
from tests.serving.conftest import Shared
from tests.serving.running import URL, rows


def test_the_server_tells_what_it_is(shared: Shared) -> None:
    answers = [shared.client.get(path).json() for path in ("/v2", "/v2/")]

    assert answers == [{"name": "everlearn", "version": "0.1.0", "extensions": ["binary_tensor_data"]}] * 2


def test_health_is_open_to_all(shared: Shared) -> None:
    live = httpx.get(f"http://127.0.0.1:{shared.port}/v2/health/live")
    ready = httpx.get(f"http://127.0.0.1:{shared.port}/v2/health/ready")

    assert (live.status_code, live.json()) == (200, {"live": True})
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "live": True})


@pytest.mark.parametrize("path", ["/v2/models/eta", "/v2/models/eta/versions/1"])
def test_a_model_tells_its_columns(shared: Shared, path: str) -> None:
    answer = shared.client.get(path).json()

    assert answer["inputs"] == [{"name": name, "datatype": "FP32", "shape": [-1]} for name in ("x", "y")]
    assert answer["outputs"] == [{"name": "minutes", "datatype": "FP32", "shape": [-1]}]
    assert (answer["name"], answer["versions"], answer["platform"]) == ("eta", ["1"], "onnxruntime_onnx")


def test_a_model_tells_that_it_is_ready(shared: Shared) -> None:
    answer = shared.client.get("/v2/models/eta/versions/1/ready")

    assert answer.json() == {"name": "eta", "ready": True}


@pytest.mark.parametrize("path", [URL, "/v2/models/eta/versions/1/infer"])
def test_a_request_is_answered_with_one_value_a_row(shared: Shared, path: str) -> None:
    answer = shared.client.post(path, json=rows((1.5, 9.0), (2.5, 9.0), id="r-1"))

    assert answer.json() == {
        "model_name": "eta",
        "model_version": "1",
        "id": "r-1",
        "parameters": {"served_by": "1:2", "degraded": 0, "generation": 1},
        "outputs": [{"name": "minutes", "datatype": "FP32", "shape": [2], "data": [1.5, 2.5]}],
    }


@pytest.mark.parametrize(
    ("compress", "encoding"), [(gzip.compress, "gzip"), (zlib.compress, "deflate"), (bytes, "identity")]
)
def test_compressed_requests_are_understood(shared: Shared, compress: Callable[[bytes], bytes], encoding: str) -> None:
    body = compress(json.dumps(rows((1.5, 9.0))).encode())

    answer = shared.client.post(URL, content=body, headers={"content-encoding": encoding})

    assert answer.json()["outputs"][0]["data"] == [1.5]


def test_binary_values_go_both_ways(shared: Shared) -> None:
    values = np.array([1.5, 2.5], dtype="<f4").tobytes()
    request = rows((0.0, 0.0), (0.0, 0.0), parameters={"binary_data_output": True})
    for tensor in request["inputs"]:
        del tensor["data"]
        tensor["parameters"] = {"binary_data_size": 8}
    head = json.dumps(request).encode()

    answer = shared.client.post(
        URL, content=head + values + values, headers={"inference-header-content-length": str(len(head))}
    )

    head_bytes = int(answer.headers["inference-header-content-length"])
    assert json.loads(answer.content[:head_bytes])["outputs"][0]["parameters"] == {"binary_data_size": 8}
    assert answer.content[head_bytes:] == values
    assert answer.headers["content-type"] == "application/octet-stream"


BAD_REQUESTS: dict[str, tuple[int, dict[str, Any]]] = {
    "no address": (404, {"method": "GET", "url": "/v3"}),
    "a file": (404, {"method": "GET", "url": "/v2/models/../../etc/passwd"}),
    "no model": (404, {"url": "/v2/models/other/infer", "json": rows((1.0, 2.0))}),
    "no version": (404, {"url": "/v2/models/eta/versions/9/infer", "json": rows((1.0, 2.0))}),
    "a word for a version": (404, {"url": "/v2/models/eta/versions/latest/infer", "json": rows((1.0, 2.0))}),
    "another verb": (405, {"method": "GET", "url": URL}),
    "another verb on health": (405, {"method": "DELETE", "url": "/v2/health/live"}),
    "no body": (400, {}),
    "no json": (400, {"content": b"{"}),
    "no token": (401, {"headers": {"authorization": ""}, "json": rows((1.0, 2.0))}),
    "another kind of token": (401, {"headers": {"authorization": "Basic good"}, "json": rows((1.0, 2.0))}),
    "nobody's token": (401, {"headers": {"authorization": "Bearer bad"}, "json": rows((1.0, 2.0))}),
    "a viewer": (403, {"headers": {"authorization": "Bearer looker"}, "json": rows((1.0, 2.0))}),
    "another project": (403, {"headers": {"everlearn-project": "other"}, "json": rows((1.0, 2.0))}),
    "no project": (400, {"headers": {"everlearn-project": "../x"}, "json": rows((1.0, 2.0))}),
    "unknown output": (400, {"json": rows((1.0, 2.0), outputs=[{"name": "x"}])}),
    "missing column": (400, {"json": {"inputs": rows((1.0, 2.0))["inputs"][:1]}}),
    "a head that is no number": (400, {"headers": {"inference-header-content-length": "x"}, "content": b"{}"}),
    "unknown encoding": (400, {"headers": {"content-encoding": "br"}, "content": b"{}"}),
    "too long": (413, {"content": b" " * 200_001}),
    "too long in pieces": (413, {"content": iter([b" " * 50_000] * 5)}),
    "too long when expanded": (
        413,
        {"content": gzip.compress(b" " * 300_000), "headers": {"content-encoding": "gzip"}},
    ),
    "too many rows": (413, {"json": rows(*[(1.0, 2.0)] * 301)}),
}


@pytest.mark.parametrize("name", BAD_REQUESTS)
def test_bad_requests_get_the_one_error_shape_and_change_nothing(shared: Shared, name: str) -> None:
    status, request = BAD_REQUESTS[name]

    before = shared.rows_answered()
    answer = shared.client.request(**({"method": "POST", "url": URL} | request))

    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert answer.json()["error"]
    assert shared.rows_answered() == before


def test_a_refusal_says_which_token_and_verb_would_do(shared: Shared) -> None:
    wrong_verb = shared.client.get(URL)
    no_token = shared.client.post(URL, headers={"authorization": ""}, json=rows((1.0, 2.0)))

    assert wrong_verb.headers["allow"] == "POST"
    assert no_token.headers["www-authenticate"] == "Bearer"
