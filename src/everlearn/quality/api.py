"""Gates over JSON. Verdicts are decisions of kind `quality.gate` and are read where all decisions are."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import post

from everlearn.access import Role
from everlearn.core.actor import Actor
from everlearn.core.decisions import Decision
from everlearn.quality.service import Gates
from everlearn.web import FromPath, JSONBody, Service, needs

Aware = Annotated[datetime, msgspec.Meta(tz=True)]


class NewVerdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which moment a rejected version is judged for, which is also where its rollout would begin."""

    effective_at: Aware | None = None  # event time; null: now


@post(
    "/api/projects/{project:str}/models/{model:str}/versions/{number:int}/gate",
    guards=[needs(Role.OPERATOR)],
    sync_to_thread=True,
)
def judge_again(
    project: FromPath[str],
    model: FromPath[str],
    number: FromPath[int],
    data: JSONBody[NewVerdict],
    gates: Service[Gates],
    actor: Service[Actor],
) -> Decision:
    """Judge a rejected version once more, by the policy and against the champion of now; if it passes, it rolls out.

    What its gate asks for may have changed since. To overrule a gate, start a rollout with `skip_gate` instead.
    """
    at = data.effective_at or gates.decisions.clock.now()
    return gates.judge_again(project, model, number, effective_at=at, actor=actor)


HANDLERS = (judge_again,)
