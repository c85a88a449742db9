"""Talking to a running platform over HTTP, as any other application would: patient with what is away for a moment."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from everlearn.core.errors import EverlearnError
from everlearn.demo.flights.world import Request

PATIENCE_S = 300.0
_PAUSE_S = 0.05
IN_FLIGHT = 4


class RefusedError(EverlearnError):
    """The platform did not do what it was asked."""

    code = "demo.refused"


@dataclass(slots=True)
class Client:
    """One caller with a token. What it sends can be sent again, so it is, until it is answered."""

    api_url: str
    gateway_url: str
    token: str
    retries: int = 0  # connections lost and answers of "not now", each sent again
    _http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        """Open connections lazily."""
        self._http = httpx.Client(
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=60,
            limits=httpx.Limits(max_connections=IN_FLIGHT + 1),
        )

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, /, **query: Any) -> Any:
        """Read something."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._answered("GET", self.api_url + path, params=given)

    def download(self, path: str, /, **query: str) -> bytes:
        """Read a file."""
        content: bytes = self._asked("GET", self.api_url + path, params=query).content
        return content

    def news(self, subject: str, *, after: int) -> list[Any]:
        """Give the log entries about a subject since a position, in order."""
        found: list[Any] = []
        before = None
        while True:
            page = self.get("/api/audit/entries", subject=subject, after=before, limit=200)
            fresh = [entry for entry in page["items"] if entry["position"] > after]
            found += fresh
            before = page["next"]
            if before is None or len(fresh) < len(page["items"]):
                return found[::-1]

    def pages(self, path: str, /, **query: Any) -> list[Any]:
        """Read all pages of a list."""
        found: list[Any] = []
        after = None
        while True:
            page = self.get(path, **query, after=after, limit=1_000)
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    def post(self, path: str, body: Any = None, /, *, content: bytes | None = None, **query: Any) -> Any:
        """Change something."""
        return self._answered("POST", self.api_url + path, json=body, content=content, params=query)

    def put(self, path: str, body: Any = None, /, *, content: bytes | None = None, **query: Any) -> Any:
        """Set something."""
        return self._answered("PUT", self.api_url + path, json=body, content=content, params=query)

    def infer(self, model: str, requests: list[Request]) -> dict[str, float]:
        """Ask the gateway; give the answer for each flight. Some requests are in flight at the same time."""
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            answers = pool.map(lambda request: self._infer(model, request), requests)
        return {flight: value for answer in answers for flight, value in answer.items()}

    def _infer(self, model: str, request: Request) -> dict[str, float]:
        answer = self._answered("POST", f"{self.gateway_url}/v2/models/{model}/infer", json=request.body)
        return dict(zip(request.flight_ids, answer["outputs"][0]["data"], strict=True))

    def settle(self) -> None:
        """Wait until everything that was set off has come to rest.

        Raises
        ------
        RefusedError
            When it does not within five minutes, or a job has failed for good.
        """
        deadline = time.monotonic() + PATIENCE_S
        state: Any = None
        while time.monotonic() < deadline:
            state = self.get("/api/settled")
            if state["settled"]:
                return
            time.sleep(_PAUSE_S)
        raise RefusedError(f"the platform did not come to rest: {state}")

    def _answered(self, method: str, url: str, **what: Any) -> Any:
        answer = self._asked(method, url, **what)
        return answer.json() if answer.content else None

    def _asked(self, method: str, url: str, **what: Any) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            answer, told = self._tried(method, url, what)
            if answer is not None and answer.status_code not in {429, 503}:
                break
            if time.monotonic() > deadline:
                raise RefusedError(f"{method} {url} was not answered: {told}")
            self.retries += 1
            time.sleep(_PAUSE_S)
        if answer.is_error:
            raise RefusedError(f"{method} {url} answered {answer.status_code}: {answer.text[:500]}")
        return answer

    def _tried(self, method: str, url: str, what: dict[str, Any]) -> tuple[httpx.Response | None, str]:
        try:
            answer = self._http.request(method, url, **what)
        except httpx.TransportError as error:
            return None, repr(error)
        return answer, answer.text[:300]
