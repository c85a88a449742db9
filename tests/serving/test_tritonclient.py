"""NVIDIA's own client of the protocol, used as others use it, finds what it expects."""

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from tests.serving.conftest import Shared
from tests.serving.running import TOKEN  # copied for each call: the client adds headers of its own

triton = pytest.importorskip("tritonclient.http")
triton_aio = pytest.importorskip("tritonclient.http.aio")


@pytest.fixture
def client(shared: Shared) -> Iterator[Any]:
    made = triton.InferenceServerClient(f"127.0.0.1:{shared.port}")
    yield made
    made.close()


def columns(count: int, *, is_binary: bool = True) -> list[Any]:
    made = []
    for name, start in (("x", 0.5), ("y", 100.0)):
        tensor = triton.InferInput(name, [count, 1], "FP32")
        values = np.arange(count, dtype=np.float32).reshape(-1, 1) + start
        tensor.set_data_from_numpy(values.astype(np.float32), binary_data=is_binary)
        made.append(tensor)
    return made


def expected(count: int) -> list[float]:
    return [index + 0.5 for index in range(count)]


def test_the_server_and_the_model_are_there(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.get_server_metadata()["name"] == "everlearn"
    assert client.is_model_ready("eta", headers=dict(TOKEN))
    assert client.is_model_ready("eta", "1", headers=dict(TOKEN))
    assert not client.is_model_ready("eta", "7", headers=dict(TOKEN))
    assert client.get_model_metadata("eta", headers=dict(TOKEN))["versions"] == ["1"]


@pytest.mark.parametrize("is_binary_in", [True, False])
@pytest.mark.parametrize("is_binary_out", [True, False, None])
def test_values_go_in_and_out_in_every_form(client: Any, *, is_binary_in: bool, is_binary_out: bool | None) -> None:
    outputs = None if is_binary_out is None else [triton.InferRequestedOutput("minutes", binary_data=is_binary_out)]

    answer = client.infer(
        "eta", columns(5, is_binary=is_binary_in), outputs=outputs, headers=dict(TOKEN), request_id="r-1"
    )

    assert answer.as_numpy("minutes").tolist() == expected(5)
    assert answer.as_numpy("minutes").dtype == np.float32
    assert answer.get_response()["id"] == "r-1"


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_bodies_may_be_compressed(client: Any, algorithm: str) -> None:
    answer = client.infer(
        "eta",
        columns(300),
        headers=dict(TOKEN),
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )

    assert answer.as_numpy("minutes").tolist() == expected(300)


def test_texts_are_sent_as_the_client_packs_them(client: Any) -> None:
    names = triton.InferInput("entity_id", [2], "BYTES")
    names.set_data_from_numpy(np.array(["flight-1", "flight-2"], dtype=np.object_))

    answer = client.infer("eta", [*columns(2), names], headers=dict(TOKEN))

    assert answer.as_numpy("minutes").tolist() == expected(2)


def test_a_version_can_be_asked_for(client: Any) -> None:
    answer = client.infer("eta", columns(1), model_version="1", headers=dict(TOKEN))

    assert answer.get_response()["model_version"] == "1"


def test_requests_may_overlap(client: Any) -> None:
    pending = [client.async_infer("eta", columns(count), headers=dict(TOKEN)) for count in (1, 2, 3)]

    answers = [each.get_result().as_numpy("minutes").tolist() for each in pending]

    assert answers == [expected(1), expected(2), expected(3)]


def test_the_asynchronous_client_is_served_too(shared: Shared) -> None:
    async def ask() -> list[float]:
        async with triton_aio.InferenceServerClient(f"127.0.0.1:{shared.port}") as client:
            answer = await client.infer("eta", columns(2), headers=dict(TOKEN))
        values: list[float] = answer.as_numpy("minutes").tolist()
        return values

    assert asyncio.run(ask()) == expected(2)


@pytest.mark.parametrize(
    ("model", "headers", "status", "text"),
    [
        ("other", TOKEN, "404", "no deployed model"),
        ("eta", {}, "401", "token"),
        ("eta", {"authorization": "Bearer looker"}, "403", "contributor"),
    ],
)
def test_refusals_are_told_in_words(client: Any, model: str, headers: dict[str, str], status: str, text: str) -> None:
    with pytest.raises(triton.InferenceServerException, match=text) as refusal:
        client.infer(model, columns(1), headers=dict(headers))

    assert refusal.value.status() == status
