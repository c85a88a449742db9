"""What is known of one version, as tables and lists."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from everlearn.governance.pages.tables import STAGE_TONES, VERDICT_TONES
from everlearn.governance.pages.version_facts import VersionFacts, metrics_of, words_of
from everlearn.registry import AliasMove
from everlearn.registry.ports import Condition
from everlearn.web.formats import instant, minute, number, size
from everlearn.web.links import path_of
from everlearn.web.view import Cell, Column, EmptyState, Moment, Pair, Table, Tone, cells

Href = Callable[[str], str]
_ROWS = 200


def signature_table(facts: VersionFacts) -> Table:
    """List what the model takes and gives."""
    return Table(
        caption="Signature",
        columns=(Column(title="role"), Column(title="column"), Column(title="type"), Column(title="note")),
        rows=tuple(cells(one.role, one.name, one.datatype, one.note) for one in facts.columns[:_ROWS]),
        empty=EmptyState(
            title="No signature was logged",
            text="Nobody can tell what this model takes and gives. Pass `signature` or `input_example` to log_model.",
        ),
    )


def decisions_table(facts: VersionFacts, decision_href: Href) -> Table:
    """List gates and rollout steps with their evidence, newest first."""
    return Table(
        caption="Gates and decisions",
        columns=(
            Column(title="about", unit="UTC"),
            Column(title="decision"),
            Column(title="verdict"),
            Column(title="why", is_prose=True),
        ),
        rows=tuple(
            (
                Cell(text=minute(one.effective_at), title=instant(one.effective_at)),
                Cell(text=words_of(one.kind), href=decision_href(one.id)),
                Cell(text=words_of(one.finding.verdict), tone=VERDICT_TONES[one.finding.verdict]),
                Cell(text=one.finding.reason),
            )
            for one in facts.decisions
        ),
        empty=EmptyState(title="Nothing has been decided about it"),
    )


def conditions_table(conditions: Mapping[str, Sequence[Condition]]) -> Table:
    """List what contracts ask before an alias may name this version; unmet conditions first."""
    rows = [(alias, one) for alias, all_of_it in conditions.items() for one in all_of_it]
    return Table(
        caption="Contracts of aliases, if it were moved here now",
        columns=(
            Column(title="alias"),
            Column(title="condition"),
            Column(title="state"),
            Column(title="needed", is_prose=True),
            Column(title="found", is_prose=True),
            Column(title="what to do", is_prose=True),
        ),
        rows=tuple(
            (
                Cell(text=alias),
                Cell(text=words_of(one.condition)),
                Cell(text="met" if one.is_met else "unmet", tone=Tone.GOOD if one.is_met else Tone.ACT),
                Cell(text=one.needed),
                Cell(text=one.found),
                Cell(text="" if one.is_met else one.remedy),
            )
            for alias, one in sorted(rows, key=lambda row: row[1].is_met)
        ),
        empty=EmptyState(title="No alias of this model carries a contract"),
    )


def moves_of(facts: VersionFacts, decision_href: Href) -> tuple[Moment, ...]:
    """List who moved what and why: aliases, stages and traffic in one row of time, newest first."""
    here = facts.record.version.number
    found = [
        Moment(
            at=move.moved_at,
            title=_arrival(move) if move.after == here else f"@{move.alias} went to {_version(move.after)}",
            tone=Tone.GOOD if move.after == here else Tone.IDLE,
            text=move.reason,
            who=str(move.actor),
            href=decision_href(move.decision_id) if move.decision_id else "",
        )
        for move in facts.alias_moves
    ]
    found += [
        Moment(
            at=move.moved_at,
            title=f"became {move.after}",
            tone=STAGE_TONES[move.after],
            text=move.reason,
            who=str(move.actor),
        )
        for move in facts.stage_moves
    ]
    found += [_in_traffic(edge.recorded_at, f"became {edge.relation} {edge.note}".strip()) for edge in facts.roles]
    found += [
        _in_traffic(edge.ended_at, f"was no longer {edge.relation} {edge.note}".strip())
        for edge in facts.roles
        if edge.ended_at is not None
    ]
    if not facts.stage_moves:
        row = facts.record.version
        found.append(
            Moment(at=row.created_at, title="was registered", tone=Tone.IDLE, who=row.registered_by, text=row.source)
        )
    return tuple(sorted(found, key=lambda one: one.at, reverse=True)[:_ROWS])


def _in_traffic(at: datetime, what: str) -> Moment:
    return Moment(at=at, title=what.replace(" of", ""), tone=Tone.WATCH)


def _arrival(move: AliasMove) -> str:
    return f"@{move.alias} was given" if move.before is None else f"@{move.alias} came from version {move.before}"


def _version(number_: int | None) -> str:
    return "no version" if number_ is None else f"version {number_}"


def files_table(facts: VersionFacts, place: Href) -> Table:
    """List the files; those that could run code when they are loaded come first."""
    ordered = sorted(facts.files, key=lambda one: (not one.is_unsafe, one.path))
    return Table(
        caption="Files",
        columns=(Column(title="file"), Column(title="size", is_number=True), Column(title="flag")),
        rows=tuple(
            (
                Cell(text=one.path, href=place(one.path)),
                Cell(text=size(one.size_bytes)),
                Cell(text="runs code when loaded", tone=Tone.ACT) if one.is_unsafe else Cell(text=""),
            )
            for one in ordered[:_ROWS]
        ),
        empty=EmptyState(title="No files of it lie here"),
    )


def measures_table(facts: VersionFacts) -> Table:
    """List what it was measured to be."""
    return Table(
        caption="Metrics",
        columns=(Column(title="metric"), Column(title="value", is_number=True)),
        rows=tuple(cells(key, number(value, 5)) for key, value in sorted(metrics_of(facts).items())[:_ROWS]),
        empty=EmptyState(title="No metrics were logged"),
    )


def params_table(facts: VersionFacts) -> Table:
    """List the parameters of the run that made it."""
    params = {} if facts.run is None else facts.run.params
    return Table(
        caption="Parameters of its run",
        columns=(Column(title="parameter"), Column(title="value")),
        rows=tuple(cells(*one) for one in sorted(params.items())[:_ROWS]),
        empty=EmptyState(title="No parameters were logged"),
    )


def about(project: str, facts: VersionFacts) -> tuple[Pair, ...]:
    """Tell where it comes from and what it is called."""
    row, strict = facts.record.version, facts.strict
    lines = [
        Pair(label="source", value=Cell(text=row.source, is_code=True)),
        Pair(label="registered", value=Cell(text=f"{minute(row.created_at)} by {row.registered_by}")),
    ]
    if row.run_id:
        name = row.run_id if facts.run is None else facts.run.run.name or row.run_id
        href = "" if facts.run is None else path_of("projects", project, "runs", row.run_id)
        lines.append(Pair(label="run", value=Cell(text=name, href=href, title=row.run_id)))
    if strict is not None and strict.lineage.pipeline_run_id:
        href = path_of("projects", project, "pipeline-runs", strict.lineage.pipeline_run_id)
        lines.append(Pair(label="pipeline run", value=Cell(text=strict.lineage.pipeline_run_id, href=href)))
    if strict is not None:
        lines.append(Pair(label="trained through", value=Cell(text=minute(strict.trained_through))))
        lines.append(Pair(label="model bytes", value=Cell(text=strict.model_digest, is_code=True)))
    if facts.record.aliases:
        lines.append(Pair(label="aliases", value=Cell(text=", ".join(f"@{one}" for one in facts.record.aliases))))
    if row.stage != "None":
        lines.append(Pair(label="mlflow stage", value=Cell(text=row.stage)))
    if row.description:
        lines.append(Pair(label="description", value=Cell(text=row.description)))
    lines += [Pair(label=key, value=Cell(text=value)) for key, value in facts.record.tags.items()]
    return tuple(lines)
