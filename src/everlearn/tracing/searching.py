"""Finding traces in MLflow's grammar."""

from collections.abc import Sequence
from dataclasses import dataclass

from everlearn.core.search import TRACES, parse_filter, parse_order
from everlearn.core.search.page_token import read_token, written_token
from everlearn.db import Database, Tx
from everlearn.tracing.judging import Judge, judge_of
from everlearn.tracing.model import TraceInfo
from everlearn.tracing.reading import infos
from everlearn.tracing.store import search as search_store
from everlearn.tracing.store import spans as span_store
from everlearn.tracing.store.search import Hit, Plan, TraceSearch
from everlearn.tracking.store import experiments as experiment_store

_AT_ONCE = 500  # traces that are judged together
_MOST_JUDGED = 10_000  # in one request; a search that needs more goes on with the next page
_MOST_SPANS = 20_000  # of the traces that are judged together, unless one alone has more


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search as it comes in."""

    filter: str | None
    order_by: Sequence[str]
    limit: int
    token: str | None


@dataclass(frozen=True, slots=True)
class TraceFinder:
    """Finds traces."""

    db: Database

    def find(self, project: str, experiments: Sequence[int], asked: Asked) -> tuple[list[TraceInfo], str | None]:
        """Give a page of the traces of some experiments, newest first when nothing else is said.

        A page may be short, or empty, and still name a next one: so much was looked through.

        Raises
        ------
        BadFilterError, BadOrderError, BadTokenError
            When the question cannot be read.
        """
        clauses, orders = parse_filter(asked.filter, TRACES), parse_order(asked.order_by, TRACES)
        judge, last = judge_of(clauses), None if asked.token is None else read_token(asked.token)
        with self.db.read() as tx:
            keys = experiment_store.keys_of(tx, project, experiments)
            plan = search_store.planned(tx, TraceSearch(experiments=tuple(keys), clauses=clauses, orders=orders))
            if judge.is_needed:
                return _judged(tx, plan, judge, limit=asked.limit, last=last)
            hits = search_store.run(tx, plan, last=last, limit=asked.limit + 1)
            page = hits[: asked.limit]
            found = infos(tx, [hit.row for hit in page])
        return found, written_token(page[-1].values) if len(hits) > asked.limit else None


def _judged(
    tx: Tx, plan: Plan, judge: Judge, *, limit: int, last: tuple[object, ...] | None
) -> tuple[list[TraceInfo], str | None]:
    found, judged = list[Hit](), 0
    while judged < _MOST_JUDGED:
        come = search_store.run(tx, plan, last=last, limit=_AT_ONCE)
        hits = _few(come, judge)
        candidates = infos(tx, [hit.row for hit in hits]) if judge.about_traces else ()
        kept = judge.admitted(candidates, _spans(tx, judge, hits), len(hits))
        found += [hit for hit, keep in zip(hits, kept, strict=True) if keep]
        if len(found) > limit:
            return _told(tx, found[:limit]), written_token(found[limit - 1].values)
        if len(come) < _AT_ONCE and len(hits) == len(come):
            return _told(tx, found), None
        judged, last = judged + len(hits), hits[-1].values
    return _told(tx, found), written_token(last or ())


def _told(tx: Tx, hits: Sequence[Hit]) -> list[TraceInfo]:
    return infos(tx, [hit.row for hit in hits])


def _few(hits: Sequence[Hit], judge: Judge) -> Sequence[Hit]:
    """Take as many traces as have not too many spans together."""
    if not judge.about_spans:
        return hits
    total = 0
    for number, hit in enumerate(hits):
        total += hit.row.span_count
        if total > _MOST_SPANS and number:
            return hits[:number]
    return hits


def _spans(tx: Tx, judge: Judge, hits: Sequence[Hit]) -> list[list[span_store.Stored]]:
    if not judge.about_spans or not hits:
        return []
    stored = span_store.read_many(tx, [hit.row.no for hit in hits], most=max(_MOST_SPANS, hits[0].row.span_count))
    return [stored[hit.row.no] for hit in hits]
