"""The steps of traces, a row each."""

from collections.abc import Sequence
from typing import NamedTuple

from everlearn.db import Sql, Tx, marks
from everlearn.tracing.model import Span
from everlearn.tracing.packing import Body, packed, unpacked
from everlearn.tracing.rules import TokenNode, Tokens, span_type, tokens_of

_COLUMNS = (
    "trace_no", "id", "experiment_no", "parent_id", "name", "type", "status", "start_ns", "end_ns", "tokens_read",
    "tokens_wrote", "tokens_total", "body",
)  # fmt: skip
_CHANGED = ", ".join(f"{column} = excluded.{column}" for column in _COLUMNS[3:])
# sent again, a span replaces itself, unless it has ended and comes once more from before its end
_PUT = Sql(
    f"insert into tracing_spans ({', '.join(_COLUMNS)}) values ({marks(len(_COLUMNS))}) "
    f"on conflict (trace_no, id) do update set {_CHANGED} where excluded.end_ns != 0 or tracing_spans.end_ns = 0"
)


class SpanRow(NamedTuple):
    """What is stored beside the columns of a trace."""

    trace_no: int
    experiment_no: int
    span: Span


class Stored(NamedTuple):
    """A span as searches and lists see it; the rest is unpacked when somebody asks for it."""

    id: str
    parent_id: str
    name: str
    type: str
    status: str
    start_ns: int
    end_ns: int
    packed: bytes

    def whole(self, trace_id: str) -> Span:
        """Give the whole span."""
        body = Body(unpacked(self.packed))
        return Span(
            trace_id=trace_id.removeprefix("tr-"),
            span_id=self.id,
            parent_id=self.parent_id,
            name=self.name,
            kind=body.kind,
            start_ns=self.start_ns,
            end_ns=self.end_ns,
            status=self.status,
            message=body.message,
            attributes=body.attributes,
            events=body.events,
            links=body.links,
            resource={},
        )


def put(tx: Tx, rows: Sequence[SpanRow]) -> None:
    """Keep spans."""
    _PUT.run_all(tx, [_row(*row) for row in rows])


def count(tx: Tx, trace_nos: Sequence[int]) -> dict[int, int]:
    """Count the spans of traces."""
    text = f"select trace_no, count(*) from tracing_spans where trace_no in ({marks(len(trace_nos))}) group by trace_no"
    return dict(Sql(text).rows(tx, *trace_nos)) if trace_nos else {}


def read_many(tx: Tx, trace_nos: Sequence[int], *, most: int) -> dict[int, list[Stored]]:
    """Give the spans of traces as they began, at most so many of them in all."""
    found: dict[int, list[Stored]] = {number: [] for number in trace_nos}
    for start in range(0, len(trace_nos), 100):
        part = trace_nos[start : start + 100]
        text = (
            "select trace_no, id, parent_id, name, type, status, start_ns, end_ns, body from tracing_spans "
            f"where trace_no in ({marks(len(part))}) order by trace_no, start_ns, id limit ?"
        )
        for row in Sql(text).rows(tx, *part, most):
            found[row[0]].append(Stored(row[1].hex(), row[2].hex(), row[3], row[4], row[5], row[6], row[7], row[8]))
            most -= 1
    return found


def token_nodes(tx: Tx, trace_no: int) -> list[TokenNode]:
    """Give the tree of a trace as far as tokens are concerned."""
    text = "select id, parent_id, tokens_read, tokens_wrote, tokens_total from tracing_spans where trace_no = ?"
    return [
        TokenNode(row[0].hex(), row[1].hex(), None if row[4] is None else Tokens(*row[2:5]))
        for row in Sql(text).rows(tx, trace_no)
    ]


def tokens_in(spans: Sequence[Span]) -> list[TokenNode]:
    """Give the tree of spans that are not stored yet."""
    return [TokenNode(span.span_id, span.parent_id, tokens_of(span.attributes)) for span in spans]


def _row(trace_no: int, experiment_no: int, span: Span) -> tuple[object, ...]:
    tokens: Tokens | tuple[None, None, None] = tokens_of(span.attributes) or (None, None, None)
    return (
        trace_no,
        bytes.fromhex(span.span_id),
        experiment_no,
        bytes.fromhex(span.parent_id),
        span.name,
        span_type(span.attributes),
        span.status,
        span.start_ns,
        span.end_ns,
        *tokens,
        packed(span),
    )
