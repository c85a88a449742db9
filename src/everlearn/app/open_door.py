"""The gateway without authentication, on this machine only: nobody needs a token, and no other site gets in."""

from dataclasses import dataclass

import msgspec
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from everlearn.access.gate import EVERYBODY, OpenGate
from everlearn.access.model import Principal, Role, require
from everlearn.app.server import AnyASGI
from everlearn.core.errors import DeniedError

_TOKEN = (b"authorization", b"Bearer nobody-in-particular")


@dataclass(frozen=True, slots=True)
class OpenDoorkeeper:
    """Knows everybody, as an administrator."""

    def authenticate(self, _secret: str) -> Principal:
        """Give the one caller there is."""
        return EVERYBODY

    def require(self, principal: Principal, project: str, role: Role) -> None:
        """Let pass."""
        require(principal, project, role)


def without_tokens(app: AnyASGI) -> AnyASGI:
    """Wrap a gateway that asks for tokens so that requests need none; hosts that are not this machine are refused."""
    gate = OpenGate()

    async def open_door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            headers = dict(scope["headers"])
            try:
                gate.check_host(headers.get(b"host", b"").decode("latin-1"))
            except DeniedError as error:
                await _refuse(send, error.message)
                return
            scope["headers"] = [*((name, value) for name, value in scope["headers"] if name != _TOKEN[0]), _TOKEN]
        await app(scope, receive, send)

    return open_door


async def _refuse(send: Send, message: str) -> None:
    body = msgspec.json.encode({"error": message})  # the shape of the protocol that the gateway speaks
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
