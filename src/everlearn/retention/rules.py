"""What a policy says about one candidate. Pure: the same facts at the same moment give the same answer."""

from datetime import datetime

from everlearn.retention.model import KEEP_TAG, Candidate, Item, RetentionPolicy, Rule, Spared, What, days


def judged(policy: RetentionPolicy, one: Candidate, *, as_of: datetime) -> Item | Spared | None:
    """Say what becomes of a run or logged model; None: it stays, and nothing would have it go."""
    rule = next((rule for rule in policy.rules if rule.fits(one.experiment, one.tags)), None)
    found = None if rule is None else _wanted(rule, one, as_of)
    if found is None:
        return None
    what, because = found
    if spared := _spared(what, one):
        return Spared(what=what, id=one.id, because=f"{spared}, though {because}")
    return Item(what=what, id=one.id, root=one.root, because=because)


def _wanted(rule: Rule, one: Candidate, as_of: datetime) -> tuple[What, str] | None:
    if one.deleted_at is not None:
        after = rule.purge_deleted_after_days
        if after is not None and one.deleted_at <= as_of - days(after):
            what = What.PURGE_RUN if one.kind == "run" else What.PURGE_MODEL
            return what, f"it was deleted more than {after:g} days ago"
        return None
    if not one.has_files or one.ended_at is None:
        return None
    after = rule.drop_failed_artifacts_after_days
    if one.is_failed and after is not None and one.ended_at <= as_of - days(after):
        return What.DROP_ARTIFACTS, f"it failed more than {after:g} days ago"
    if rule.keep_newest is not None and one.rank >= rule.keep_newest:
        return What.DROP_ARTIFACTS, f"{one.rank} runs of the experiment are newer, and {rule.keep_newest} keep theirs"
    return None


def _spared(what: What, one: Candidate) -> str | None:
    if one.held_by:
        return f"a legal hold is on {one.held_by[0]}"
    if one.needed_by:
        return f"{one.needed_by[0]} is made of it"
    if what is What.DROP_ARTIFACTS and one.tags.get(KEEP_TAG, "false").lower() not in {"false", "no", "0"}:
        return f"it has the tag {KEEP_TAG}"
    return None
