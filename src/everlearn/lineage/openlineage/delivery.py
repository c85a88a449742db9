"""Sending our events to where the operator wants them: one request each, tried again by the queue until it is taken."""

from dataclasses import dataclass

import httpx

from everlearn.core.errors import InvalidError, UnavailableError
from everlearn.core.json import JSONObject, canonical_json

_TIMEOUT_S = 10.0
_TRY_AGAIN = frozenset({408, 425, 429})


class NotTakenError(InvalidError):
    """The receiver of OpenLineage events refused one; sending it again would not help."""

    code = "lineage.not_taken"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Whoever takes OpenLineage events: an address of the operator's, and the token that it asks for."""

    url: str  # whole: http://marquez:5000/api/v1/lineage
    token: str = ""  # empty: none

    def send(self, event: JSONObject) -> None:
        """Send an event. Redirects are not followed: the token is for this address alone.

        Raises
        ------
        UnavailableError
            When the receiver does not answer, or answers that it cannot now.
        NotTakenError
            When it refuses the event.
        """
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {self.token}"} if self.token else {}
        )
        try:
            content = canonical_json(event).encode()
            answer = httpx.post(self.url, content=content, headers=headers, timeout=_TIMEOUT_S, follow_redirects=False)
        except httpx.HTTPError as error:
            raise UnavailableError(f"the receiver of OpenLineage events does not answer: {error}") from error
        status = answer.status_code
        if status >= 500 or status in _TRY_AGAIN:
            raise UnavailableError(f"the receiver of OpenLineage events answers {status}")
        if not 200 <= status < 300:
            raise NotTakenError(f"the receiver of OpenLineage events refuses an event with {status}", status=status)
