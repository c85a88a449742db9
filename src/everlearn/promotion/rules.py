"""The rule of contracts: every condition of every contract held against what is known of a version.

`parameters` are the contracts in force, `window` is what was known: see `service`. The rule looks at all conditions,
so that whoever is refused learns all that is missing at once.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from everlearn.access import Role
from everlearn.core.clock import parse_instant
from everlearn.core.decisions import Finding, Rule, Verdict
from everlearn.core.json import JSONObject, JSONValue

CONTRACT = "promotion.contract@1"
PERSON = "user:"

Held = JSONObject  # one condition: condition, needed, found, remedy, is_met


def contract(parameters: JSONObject, window: JSONValue) -> Finding:
    """Pass when every condition is met."""
    asked: Any = parameters
    seen: Any = window
    held = list(_champion(seen)) if asked["champion_by_rollout"] else []
    for one in asked["contracts"]:
        held += _removal(one, seen) if seen["version"] is None else _promotion(one, seen)
    conditions = _distinct(held)
    unmet = [str(one["condition"]) for one in conditions if not one["is_met"]]
    wanted = f"taking {seen['alias']} away" if seen["version"] is None else f"version {seen['version']}"
    if unmet:
        reason = f"{wanted} does not fulfil {len(unmet)} of {len(conditions)} conditions: {', '.join(unmet)}"
    else:
        reason = f"{wanted} fulfils all {len(conditions)} conditions"
    verdict = Verdict.FAIL if unmet else Verdict.PASS
    return Finding(verdict=verdict, reason=reason, evidence={"conditions": [*conditions]})


def _promotion(asked: Any, seen: Any) -> Iterator[Held]:
    for field, condition in _CONDITIONS.items():
        if asked[field]:
            yield from condition(asked[field], seen)


def _removal(asked: Any, seen: Any) -> Iterator[Held]:
    if asked["moved_by"]:
        yield from _moved_by(asked["moved_by"], seen)
    yield _held(
        "removable",
        needed="an alias that its contract lets go",
        found="removable" if asked["removable"] else "an alias that is kept",
        remedy="let it name another version, or set `removable` in the contract",
        is_met=asked["removable"],
    )


def _champion(seen: Any) -> Iterator[Held]:
    """Hold the contract that every deployed model has: its champion is chosen by rollouts, not by hand."""
    yield _held(
        "moved_by_rollout",
        needed="a rollout",
        found=str(seen["actor"]),
        remedy="the champion of a deployed model moves when a rollout is promoted or rolled back; start one",
        is_met=False,
    )
    if seen["version"] is not None and not seen["is_on_record"]:
        yield _held(
            "deployable",
            needed="a version with a checked signature, a profile and a safe format",
            found=f"version {seen['version']}, which is a name for files",
            remedy="register it through a pipeline, or as ONNX over the JSON API",
            is_met=False,
        )


def _moved_by(role: str, seen: Any) -> Iterator[Held]:
    held = seen["role"]
    yield _held(
        "moved_by",
        needed=f"the role {role} or higher",
        found=f"{seen['actor']} is {held}" if held else f"{seen['actor']} has no role",
        remedy=f"ask somebody who is {role}, or have an admin grant it",
        is_met=held is not None and Role(held).includes(Role(role)),
    )


def _gate(asked: Any, seen: Any) -> Iterator[Held]:
    kind, days = asked["kind"], asked["not_older_than_days"]
    newest = max((one for one in seen["gates"] if one["kind"] == kind), key=lambda one: one["decided_at"], default=None)
    age = "" if days is None else f", not older than {days:g} days"
    found = "no verdict" if newest is None else f"{newest['verdict']} at {newest['decided_at']} ({newest['id']})"
    is_met = newest is not None and newest["verdict"] == Verdict.PASS and _is_young(newest["decided_at"], days, seen)
    yield _held(
        f"gate:{kind}",
        needed=f"a pass of {kind}{age}",
        found=found,
        remedy=f"have {kind} judge the version (again)",
        is_met=is_met,
    )


def _approvals(needed: int, seen: Any) -> Iterator[Held]:
    counted = sorted({who for who in seen["approvals"] if who.startswith(PERSON)} - {seen["registered_by"]})
    left_out = sorted(set(seen["approvals"]) - set(counted))
    found = f"{len(counted)}" + (f" ({', '.join(counted)})" if counted else "")
    if left_out:
        found += f"; not counted: {', '.join(left_out)}, who registered it or is no person"
    yield _held(
        "approvals",
        needed=f"{needed} of people with the role approver who did not register the version",
        found=found,
        remedy=f"everlearn models approve {seen['model']} {seen['version']} --alias {seen['alias']}",
        is_met=len(counted) >= needed,
    )


def _tags(needed: Mapping[str, str], seen: Any) -> Iterator[Held]:
    for key, value in sorted(needed.items()):
        found = seen["tags"].get(key)
        yield _held(
            f"tag:{key}",
            needed=f"{value!r}" if value else "any value",
            found="no such tag" if found is None else f"{found!r}",
            remedy=f"set the tag {key} of the version",
            is_met=found is not None and (not value or found == value),
        )


def _metrics(needed: Any, seen: Any) -> Iterator[Held]:
    for one in needed:
        key, least, most = one["key"], one["minimum"], one["maximum"]
        found = seen["metrics"].get(key)
        ends = [text for text, end in ((f"at least {least}", least), (f"at most {most}", most)) if end is not None]
        yield _held(
            f"metric:{key}",
            needed=" and ".join(ends),
            found="no such metric" if found is None else f"{found}",
            remedy=f"log {key} to the model or its run, or train a better one",
            is_met=found is not None and (least is None or found >= least) and (most is None or found <= most),
        )


def _description(_asked: Any, seen: Any) -> Iterator[Held]:
    yield _held(
        "description",
        needed="a description that is not empty",
        found=f"{seen['description_length']} characters",
        remedy="describe the version",
        is_met=seen["description_length"] > 0,
    )


def _finished_run(_asked: Any, seen: Any) -> Iterator[Held]:
    run = seen["run"]
    yield _held(
        "finished_run",
        needed="a source run that is finished",
        found="no run" if run is None else f"run {run['id']}, {run['status']}",
        remedy="register the version from a run, and end the run",
        is_met=run is not None and run["status"] == "FINISHED",
    )


def _signature(_asked: Any, seen: Any) -> Iterator[Held]:
    yield _of_files("signature", "has_signature", seen, remedy="log the model with a signature or an input example")


def _input_example(_asked: Any, seen: Any) -> Iterator[Held]:
    yield _of_files("input_example", "has_input_example", seen, remedy="log the model with input_example=...")


def _of_files(condition: str, fact: str, seen: Any, *, remedy: str) -> Held:
    files = seen["files"]
    found = "no model among its files" if files is None else ("it" if files[fact] else "none")
    is_met = files is not None and files[fact]
    return _held(condition, needed=condition.replace("_", " "), found=found, remedy=remedy, is_met=is_met)


def _safe_format(_asked: Any, seen: Any) -> Iterator[Held]:
    files = seen["files"]
    unsafe = [] if files is None else files["unsafe_files"]
    yield _held(
        "safe_format",
        needed="files that run no code when they are loaded",
        found="no model among its files" if files is None else (", ".join(unsafe) or "safe files"),
        remedy="log the model in a format of its own (ONNX, skops, xgboost's JSON, safetensors) instead of a pickle",
        is_met=files is not None and not unsafe,
    )


def _data_age(days: float, seen: Any) -> Iterator[Held]:
    through = seen["trained_through"]
    yield _held(
        "data_age",
        needed=f"data not older than {days:g} days",
        found="nobody said how old" if through is None else f"data through {through}",
        remedy="train on newer data (without a pipeline, the tag everlearn.trained_through says its age)",
        is_met=through is not None and _is_young(through, days, seen),
    )


def _after_alias(alias: str, seen: Any) -> Iterator[Held]:
    since = seen["held"].get(alias)
    yield _held(
        f"after_alias:{alias}",
        needed=f"a version that {alias} has named",
        found="never" if since is None else f"since {since}",
        remedy=f"let {alias} name the version first",
        is_met=since is not None,
    )


_CONDITIONS: Mapping[str, Callable[[Any, Any], Iterator[Held]]] = {
    "moved_by": _moved_by,
    "gate": _gate,
    "approvals": _approvals,
    "signature": _signature,
    "input_example": _input_example,
    "safe_format": _safe_format,
    "description": _description,
    "finished_run": _finished_run,
    "tags": _tags,
    "metrics": _metrics,
    "data_not_older_than_days": _data_age,
    "after_alias": _after_alias,
}


def _distinct(held: list[Held]) -> list[Held]:
    """Drop what two contracts ask in the same words."""
    seen = dict[tuple[str, str], Held]()
    for one in held:
        seen.setdefault((str(one["condition"]), str(one["needed"])), one)
    return list(seen.values())


def _is_young(at: str, days: float | None, seen: Any) -> bool:
    return days is None or parse_instant(seen["at"]) - parse_instant(at) <= timedelta(days=days)


def _held(condition: str, *, needed: str, found: str, remedy: str, is_met: bool) -> Held:
    return {"condition": condition, "needed": needed, "found": found, "remedy": remedy, "is_met": is_met}


RULES: Mapping[str, Rule] = {CONTRACT: contract}
