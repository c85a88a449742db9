"""A table of runs as CSV: the columns shown, the rows that the filter lets pass, read page by page."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

from litestar import get
from litestar.response import Stream

from everlearn.access import Role
from everlearn.core.clock import iso
from everlearn.tracking.journal import RunRecord
from everlearn.tracking.metric_schema import metric_schemas
from everlearn.tracking.pages.columns import as_number, number_of, text_of
from everlearn.tracking.pages.query import Field, RunsQuery, read_query
from everlearn.tracking.pages.runs import MOST_EXPORTED, Found, find, shown_fields
from everlearn.tracking.searching import Search
from everlearn.tracking.store.runs import run_of
from everlearn.web import FromPath, PageRenderer, Service, needs

_AT_ONCE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEAD = ("run_id", "run_name", "experiment", "status", "started_at", "ended_at", "user")


@get("/projects/{project:str}/runs.csv", guards=[needs(Role.VIEWER)], media_type="text/csv", sync_to_thread=True)
def runs_csv(project: FromPath[str], search: Service[Search], page: Service[PageRenderer]) -> Stream:
    """Download the runs of a table, at most 10,000 rows, in its order."""
    query = read_query(project, page.said, columns=page.said_all("columns")).first()
    first = find(search, query, limit=_AT_ONCE)
    if first.error is not None:
        raise first.error
    chosen = search.experiment_named(project, query.experiment)
    fields = shown_fields(query, first.records, metric_schemas(chosen.tags) if chosen else {})
    headers = {"Content-Disposition": 'attachment; filename="runs.csv"'}
    return Stream(_lines(search, query, first, fields), headers=headers, media_type="text/csv; charset=utf-8")


def _lines(search: Search, query: RunsQuery, first: Found, fields: Sequence[Field]) -> Iterator[str]:
    yield _written([(*_HEAD, *(field.name for field in fields))])
    found, sent = first, 0
    while found.records and sent < MOST_EXPORTED:
        rows = found.records[: MOST_EXPORTED - sent]
        yield _written([_row(record, fields) for record in rows])
        sent += len(rows)
        if found.next is None:
            return
        found = find(search, replace(query, after=found.next), limit=_AT_ONCE)


def _row(record: RunRecord, fields: Sequence[Field]) -> tuple[str, ...]:
    run = run_of(record.run)
    ended = "" if run.ended_at is None else iso(run.ended_at)
    facts = (run.id, run.name, run.experiment, run.status, iso(run.started_at), ended, run.user)
    return (*map(_safe, facts), *(_value(record, field) for field in fields))


def _value(record: RunRecord, field: Field) -> str:
    if field.kind == "metric":
        value = number_of(record, field.key)
        return "" if value is None else repr(value)
    return _safe(text_of(record, field) or "")


def _safe(text: str) -> str:
    """Keep spreadsheets from running what somebody logged as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and as_number(text) is None else text


def _written(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


PAGES = (runs_csv,)
