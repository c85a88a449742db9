"""Traces over the protocol, as clients from 3 on speak it. (They use some operations of version 2 still.)"""

from dataclasses import dataclass
from functools import partial

from everlearn.access import Role
from everlearn.tracing.mlflow import messages as m
from everlearn.tracing.mlflow.answers import info_out, trace_out
from everlearn.tracing.mlflow.assessed import assessment_in
from everlearn.tracing.mlflow.rules import (
    MOST_FOUND,
    checked_count,
    checked_label_key,
    experiment_of,
    given_labels,
    given_state,
)
from everlearn.tracing.mlflow.times import duration_in, moment_in
from everlearn.tracing.model import LONGEST_LABEL, LONGEST_NAME, LONGEST_PREVIEW, TraceInfo
from everlearn.tracing.searching import Asked, TraceFinder
from everlearn.tracing.service import MOST_LINKED, Traces
from everlearn.tracking.mlflow.rules import experiment_number, page_size
from everlearn.web.mlflow import Call, Empty, ProtocolError, Route, operation

_MOST_GOT = 500  # traces in one answer


@dataclass(frozen=True, slots=True)
class TraceDoor:
    """What the routes do."""

    traces: Traces
    finder: TraceFinder

    async def tell(self, call: Call, asked: m.TellTrace) -> m.OneTrace:
        """Keep a trace without its steps."""
        told = asked.trace.trace_info if asked.trace else None
        if told is None or not told.trace_id:
            raise ProtocolError("Missing value for required parameter 'trace.trace_info.trace_id'.")
        kept = await self.traces.tell(call.project, _told(told, told.trace_id, at_ms=self.traces.now_ms()))
        return m.OneTrace(m.TraceOut(info_out(kept)))

    def info(self, call: Call, asked: m.TraceById) -> m.OneTrace:
        """Give a trace without its steps."""
        return m.OneTrace(m.TraceOut(info_out(self.traces.info(call.project, asked.trace_id or ""))))

    def get(self, call: Call, asked: m.TraceById) -> m.OneTrace:
        """Give a trace with its steps, as far as they have come."""
        found = self.traces.get(call.project, asked.trace_id or "")
        if not found.spans and str(asked.allow_partial).lower() != "true":
            raise ProtocolError(
                f"Trace with ID {found.info.id} is not fully exported yet, please try again later.",
                "RESOURCE_DOES_NOT_EXIST",
            )
        return m.OneTrace(trace_out(found))

    def get_many(self, call: Call, asked: m.ManyTraces) -> m.Traces:
        """Give traces with their steps."""
        found = self.traces.get_many(call.project, checked_count(asked.trace_ids, "trace_ids", _MOST_GOT))
        return m.Traces([trace_out(one) for one in found if _is_inside(one.info, asked)])

    def infos(self, call: Call, asked: m.ManyTraces) -> m.TraceInfos:
        """Give traces without their steps."""
        found = self.traces.infos(call.project, checked_count(asked.trace_ids, "trace_ids", _MOST_GOT))
        return m.TraceInfos([info_out(one) for one in found if _is_inside(one, asked)])

    def search(self, call: Call, asked: m.SearchTraces) -> m.TracePage:
        """Find traces."""
        found, token = self.finder.find(
            call.project,
            [experiment_of(one) for one in asked.locations or ()],
            Asked(
                filter=asked.filter,
                order_by=asked.order_by or (),
                limit=page_size(asked.max_results, default=100, most=MOST_FOUND),
                token=asked.page_token or None,
            ),
        )
        return m.TracePage([info_out(one) for one in found], token)

    async def delete(self, call: Call, asked: m.DeleteTraces) -> m.Deleted:
        """Remove traces, either by id or up to a moment."""
        by_id, by_time = bool(asked.request_ids), asked.max_timestamp_millis is not None
        if by_id == by_time:
            raise ProtocolError("Either `max_timestamp_millis` or `request_ids` must be specified, but not both.")
        if by_id and asked.max_traces is not None:
            raise ProtocolError("`max_traces` can't be specified if `request_ids` is specified.")
        if asked.max_traces is not None and asked.max_traces <= 0:
            raise ProtocolError(f"`max_traces` must be a positive integer, received {asked.max_traces}.")
        count = await self.traces.delete(
            call.project,
            experiment_number(asked.experiment_id or ""),
            until_ms=asked.max_timestamp_millis,
            trace_ids=checked_count(asked.request_ids, "request_ids", _MOST_GOT) if by_id else None,
            most=asked.max_traces,
            actor=call.actor,
        )
        return m.Deleted(count)

    async def set_tag(self, call: Call, asked: m.TraceTag) -> Empty:
        """Set a tag."""
        key, value = checked_label_key(asked.key or "", "tags"), (asked.value or "")[:LONGEST_LABEL]
        await self.traces.set_tag(call.project, _id_of(asked), key, value)
        return Empty()

    async def delete_tag(self, call: Call, asked: m.TraceTag) -> Empty:
        """Take a tag away."""
        await self.traces.delete_tag(call.project, _id_of(asked), asked.key or "")
        return Empty()

    async def link_to_run(self, call: Call, asked: m.LinkToRun) -> Empty:
        """Say that traces belong to a run."""
        trace_ids = checked_count(asked.trace_ids, "trace_ids", MOST_LINKED)
        await self.traces.link_to_run(call.project, asked.run_id or "", trace_ids)
        return Empty()

    async def link_prompts(self, call: Call, asked: m.LinkPrompts) -> Empty:
        """Say which versions of prompts a trace used."""
        prompts = [f"{one.name}/{one.version}" for one in asked.prompt_versions or () if one.name and one.version]
        checked_count(prompts, "prompt_versions", MOST_LINKED)
        if any(len(prompt) > LONGEST_NAME for prompt in prompts):
            raise ProtocolError(f"The name of a prompt and its version have at most {LONGEST_NAME} characters.")
        await self.traces.link_prompts(call.project, asked.trace_id or "", prompts)
        return Empty()


def trace_routes(traces: Traces, finder: TraceFinder) -> tuple[Route, ...]:
    """List the routes."""
    door, base, look, log = TraceDoor(traces, finder), "/mlflow/traces", Role.VIEWER, Role.CONTRIBUTOR
    v3, both, one = partial(operation, versions=("3.0",)), partial(operation, versions=("2.0", "3.0")), "{trace_id}"
    return (
        v3("POST", base, log, door.tell, m.TellTrace, "trace"),
        v3("GET", f"{base}/get", look, door.get, m.TraceById, "trace_id"),
        v3("GET", f"{base}/batchGet", look, door.get_many, m.ManyTraces, "trace_ids"),
        v3("POST", f"{base}/batchGetInfos", look, door.infos, m.ManyTraces, "trace_ids"),
        v3("POST", f"{base}/search", look, door.search, m.SearchTraces, "locations"),
        both("POST", f"{base}/delete-traces", log, door.delete, m.DeleteTraces, "experiment_id"),
        both("POST", f"{base}/link-to-run", log, door.link_to_run, m.LinkToRun, "trace_ids run_id"),
        both("POST", f"{base}/link-prompts", log, door.link_prompts, m.LinkPrompts, "trace_id prompt_versions"),
        v3("GET", f"{base}/{one}", look, door.info, m.TraceById),
        both("PATCH", f"{base}/{one}/tags", log, door.set_tag, m.TraceTag, "key"),
        both("DELETE", f"{base}/{one}/tags", log, door.delete_tag, m.TraceTag, "key"),
    )


def _told(told: m.TraceInfoIn, trace_id: str, *, at_ms: int) -> TraceInfo:
    tags = given_labels(told.tags, "tags")
    if "mlflow.traceName" in tags:
        tags["mlflow.traceName"] = tags["mlflow.traceName"][:LONGEST_NAME]
    return TraceInfo(
        id=trace_id,
        experiment_id=str(experiment_of(told.trace_location)),
        state=given_state(told.state),
        start_ms=moment_in(told.request_time or "1970-01-01T00:00:00Z", "request_time"),
        duration_ms=None
        if told.execution_duration is None
        else duration_in(told.execution_duration, "execution_duration"),
        client_request_id=None if told.client_request_id is None else told.client_request_id[:LONGEST_NAME],
        request_preview=_cut(told.request_preview),
        response_preview=_cut(told.response_preview),
        tags=tags,
        metadata=given_labels(told.trace_metadata, "metadata"),
        assessments=[assessment_in(one, trace_id, at_ms=at_ms) for one in told.assessments or ()],
    )


def _cut(text: str | None) -> str | None:
    return None if text is None else text[: LONGEST_PREVIEW * 10]


def _id_of(asked: m.TraceTag) -> str:
    return asked.trace_id or asked.request_id or ""


def _is_inside(info: TraceInfo, asked: m.ManyTraces) -> bool:
    return asked.experiment_ids is None or info.experiment_id in asked.experiment_ids
