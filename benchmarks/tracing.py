"""What traces cost: spans taken in, and searches over many of them.

    python benchmarks/tracing.py [--traces N] [--database sqlite:///… | postgresql://…]

The services alone, without HTTP; CPU is that of this process (the group writer's thread with it). The load is OTLP in
protobuf, 100 traces of three spans a request, as a batching exporter sends it.
"""

import argparse
import asyncio
import random
import tempfile
import time
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import everlearn.app.tables  # noqa: F401  # declares every table
from everlearn.core.clock import SystemClock
from everlearn.db import open_database
from everlearn.db.group import GroupWriter
from everlearn.db.migrate import migrate
from everlearn.eventlog import Catalogue, EventLog
from everlearn.tracing import Tracing, tracing_over
from everlearn.tracing.events import EVENTS
from everlearn.tracing.otlp import read_protobuf
from everlearn.tracing.searching import Asked

SECOND, BEGIN, TOGETHER, REPEATS = 10**9, 1_767_225_600 * 10**9, 100, 5
WORDS = (
    "the", "model", "answers", "questions", "about", "documents", "retrieved", "from", "an", "index", "and", "cites",
    "them", "when", "it", "can",
)  # fmt: skip
QUESTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("", ()),
    ("status = 'ERROR'", ()),
    ("name = 'rare'", ()),
    ("tags.team = 'red' AND status = 'ERROR' AND name LIKE 'a%'", ()),
    ("metadata.`mlflow.trace.session` = 's77'", ()),
    ("span.type = 'LLM' AND span.status = 'OK'", ()),
    ("span.attributes.model = 'gpt'", ()),
    ("span.attributes.model = 'needle'", ()),
    ("trace.text ILIKE '%documents%'", ()),
    ("trace.text LIKE '%nowhere to be found%'", ()),
    ("name RLIKE '^ans.*r$'", ()),
    ("", ("execution_time_ms DESC",)),
    ("", ("tags.team DESC",)),
)


@dataclass(frozen=True, slots=True)
class Load:
    """Makes traces that are the same in every run."""

    rng: random.Random

    def text(self, words: int) -> str:
        return " ".join(self.rng.choice(WORDS) for _ in range(words))

    def trace(self, number: int) -> list[Span]:
        name = "rare" if number % 1_000 == 0 else ("answer", "chat", "summarise")[number % 3]
        root = span(number, 1, name, status=2 if number % 50 == 0 else 1)
        attributes(root, {
            "mlflow.spanType": "CHAIN", "mlflow.spanInputs": self.text(20), "mlflow.spanOutputs": self.text(40),
            "session.id": f"s{number // 10}", "mlflow.traceTag.team": ("red", "blue")[number % 2],
        })  # fmt: skip
        find, model = span(number, 2, "retrieve"), span(number, 3, "llm")
        attributes(find, {"mlflow.spanType": "RETRIEVER", "mlflow.spanOutputs": self.text(40)})
        attributes(model, {
            "mlflow.spanType": "LLM", "model": ("gpt", "other")[number % 2] if number % 5_000 else "needle",
            "mlflow.spanOutputs": self.text(60),
        })  # fmt: skip
        return [root, find, model]


def span(trace: int, number: int, name: str, *, status: int = 1) -> Span:
    start = BEGIN + trace * SECOND
    made = Span(
        trace_id=(trace + 1).to_bytes(16),
        span_id=number.to_bytes(8),
        parent_span_id=b"" if number == 1 else (1).to_bytes(8),
        name=name,
        start_time_unix_nano=start,
        end_time_unix_nano=start + SECOND * (trace % 7 + 1),
    )
    made.status.code = status
    return made


def attributes(of: Span, values: dict[str, str]) -> None:
    for key, value in values.items():
        of.attributes.add(key=key).value.string_value = value


def fill(tracing: Tracing, traces: int) -> None:
    load, decoded, cpu, wall, sent = Load(random.Random(1)), 0.0, 0.0, 0.0, 0  # noqa: S311  # a load that is the same in every run
    for first in range(0, traces, TOGETHER):
        request = ExportTraceServiceRequest()
        scope = request.resource_spans.add().scope_spans.add()
        for number in range(first, min(first + TOGETHER, traces)):
            scope.spans.extend(load.trace(number))
        body = request.SerializeToString()
        begun_cpu, begun = time.process_time(), time.perf_counter()
        batch = read_protobuf(body)
        decoded += time.process_time() - begun_cpu
        asyncio.run(tracing.traces.add_spans("default", 0, batch.spans, run_id=None))
        cpu, wall, sent = cpu + time.process_time() - begun_cpu, wall + time.perf_counter() - begun, sent + len(body)
    print(
        f"{traces} traces of 3 spans, {sent / traces:.0f} B each: {cpu / traces * 1e6:.0f} us of CPU a trace "
        f"({decoded / traces * 1e6:.0f} of them reading), {wall / traces * 1e6:.0f} us by the clock"
    )


def ask(tracing: Tracing, text: str, order: tuple[str, ...]) -> None:
    took = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        found, following = tracing.finder.find(
            "default", [0], Asked(filter=text, order_by=order, limit=100, token=None)
        )
        took.append(time.perf_counter() - begun)
    more = ", more follow" if following else ""
    print(
        f"{sorted(took)[REPEATS // 2] * 1e3:9.1f} ms  {len(found):3} found{more:14}  {text or 'all'}  {' '.join(order)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--traces", type=int, default=100_000)
    parser.add_argument("--database")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        db = open_database(given.database or f"sqlite:///{folder}/traces.db")
        migrate(db)
        writer, clock = GroupWriter(db), SystemClock()
        tracing = tracing_over(db, writer, EventLog(Catalogue(EVENTS), clock), clock)
        fill(tracing, given.traces)
        for text, order in QUESTIONS:
            ask(tracing, text, order)
        writer.close()
        db.close()


if __name__ == "__main__":
    main()
