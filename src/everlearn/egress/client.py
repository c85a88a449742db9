"""Sending one request to a destination that was judged, and nowhere else."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from everlearn.core.errors import UnavailableError
from everlearn.egress.addresses import Address, Allowed
from everlearn.egress.destination import (
    Destination,
    Resolver,
    UnreachableError,
    judged,
    parsed_destination,
    system_resolver,
)

_MOST_TRIED = 3  # addresses of one name


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a stranger's time and words we take."""

    connect_s: float = 5.0
    total_s: float = 15.0  # from the first packet to the last
    answer_bytes: int = 65_536  # of the body; what is more is not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    body: bytes  # cut at the limit
    retry_after: str | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Egress:
    """The way out."""

    allowed: Allowed = field(default_factory=Allowed)
    resolver: Resolver = system_resolver
    limits: Limits = field(default_factory=Limits)
    trust: ssl.SSLContext | None = None  # None: the certificates that the operating system, or certifi, trusts

    def check(self, url: str) -> Destination:
        """Refuse an address that nothing would be sent to; one whose name has no addresses now passes until then.

        Raises
        ------
        AddressRefusedError
            With the reason.
        """
        destination = parsed_destination(url)
        try:
            judged(destination, self.allowed, self.resolver)
        except UnavailableError:
            if destination.scheme != "https" and not self.allowed.names(destination.host):
                raise
        return destination

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """Send a body. The name is resolved once, judged, and connected to at an address that was judged.

        Raises
        ------
        AddressRefusedError
            When it must not be sent there.
        UnresolvedError, UnreachableError
            When it could not be delivered now.
        """
        destination = parsed_destination(url)
        started = time.monotonic()
        try:
            async with asyncio.timeout(self.limits.total_s):
                addresses = await asyncio.to_thread(judged, destination, self.allowed, self.resolver)
                status, body, retry_after = await self._sent(destination, addresses[:_MOST_TRIED], content, headers)
        except TimeoutError as error:
            raise UnreachableError(f"{destination.host} took longer than {self.limits.total_s:g} s") from error
        return Reply(status=status, body=body, retry_after=retry_after, seconds=time.monotonic() - started)

    async def _sent(
        self, destination: Destination, addresses: list[Address], content: bytes, headers: Mapping[str, str]
    ) -> tuple[int, bytes, str | None]:
        timeout = httpx.Timeout(self.limits.total_s, connect=self.limits.connect_s)
        trust = True if self.trust is None else self.trust
        # trust_env: a proxy of the environment would be connected to instead of what was judged
        async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=timeout, verify=trust) as client:
            for address in addresses[:-1]:
                try:
                    return await self._sent_to(client, destination, address, content, headers)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue
            try:
                return await self._sent_to(client, destination, addresses[-1], content, headers)
            except httpx.HTTPError as error:
                raise UnreachableError(f"{destination.host}: {type(error).__name__}: {error}"[:500]) from error

    async def _sent_to(
        self,
        client: httpx.AsyncClient,
        destination: Destination,
        address: Address,
        content: bytes,
        headers: Mapping[str, str],
    ) -> tuple[int, bytes, str | None]:
        url = httpx.URL(destination.url).copy_with(host=str(address))  # an address: nothing is left to resolve
        said = {**headers, "Host": destination.authority, "Accept-Encoding": "identity", "User-Agent": "everlearn"}
        # the name in the certificate is that of the destination, not the address
        named = {} if destination.literal is not None else {"sni_hostname": destination.host}
        request = client.build_request("POST", url, content=content, headers=said, extensions=named)
        answer = await client.send(request, stream=True)
        try:
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) >= self.limits.answer_bytes:
                    break
            return answer.status_code, body[: self.limits.answer_bytes], answer.headers.get("retry-after")
        finally:
            await answer.aclose()
