"""OpenTelemetry's own exporter sends to a server that is killed: what it acknowledged is there afterwards."""

import signal
from pathlib import Path
from typing import Any

import httpx
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.trace import Status, StatusCode
from tests.app.processes import free_port, serving

N_TRACES = 20


def trace_of(port: int, trace_id: str) -> Any:
    answer = httpx.get(f"http://127.0.0.1:{port}/api/3.0/mlflow/traces/get", params={"trace_id": trace_id}, timeout=30)
    answer.raise_for_status()
    return answer.json()["trace"]


def test_what_the_exporter_was_told_is_kept_survives_a_kill(tmp_path: Path) -> None:
    port, results = free_port(), list[SpanExportResult]()
    exporter = OTLPSpanExporter(
        endpoint=f"http://127.0.0.1:{port}/v1/traces",
        headers={"x-mlflow-experiment-id": "0"},
        compression=Compression.Gzip,
    )
    export = exporter.export

    def watched(spans: Any) -> SpanExportResult:
        results.append(export(spans))
        return results[-1]

    exporter.export = watched  # type: ignore[method-assign]  # its result is logged and lost otherwise
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer, ids = provider.get_tracer("test"), list[str]()
    with serving(tmp_path / "home", port) as server:
        for number in range(N_TRACES):
            with tracer.start_as_current_span("answer", attributes={"number": number}) as root:
                with tracer.start_as_current_span("find") as inner:
                    inner.add_event("hit", {"n": 3})
                root.set_status(Status(StatusCode.ERROR, "no") if number % 2 else Status(StatusCode.OK))
                ids.append(f"tr-{root.get_span_context().trace_id:032x}")
        server.send_signal(signal.SIGKILL)
        server.wait()
    provider.shutdown()

    assert results == [SpanExportResult.SUCCESS] * (2 * N_TRACES)
    with serving(tmp_path / "home", port):
        for number, trace_id in enumerate(ids):
            trace = trace_of(port, trace_id)
            info = trace["trace_info"]
            assert (info["state"], info["tags"]["service.name"]) == ("ERROR" if number % 2 else "OK", "shop")
            assert [span["name"] for span in trace["spans"]] == ["answer", "find"]
            assert trace["spans"][0]["attributes"] == [{"key": "number", "value": {"int_value": number}}]
            assert [event["name"] for event in trace["spans"][1]["events"]] == ["hit"]
