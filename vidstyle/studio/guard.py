"""Who is let in: this machine alone, or those who have the password; and no page of anybody else's."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from vidstyle.options.studio import StudioOptions

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]

_LOCAL = {"127.0.0.1", "localhost", "::1"}
_SECONDS_AFTER_A_WRONG_PASSWORD = 1.0
# The browser itself then refuses whatever a page would fetch from elsewhere, or send there.
_POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'; "
    "form-action 'self'; object-src 'none'; base-uri 'self'"
)


class Guard:
    """Wraps the whole application; answers itself what may not pass."""

    def __init__(self, app: Any, options: StudioOptions) -> None:
        self._app, self._options = app, options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if not self._knows_host(headers.get("host", "")):
            await _answer(send, 421, "this address is not the studio's")
        elif not _same_origin(headers):
            await _answer(send, 403, "only the studio's own page may ask for that")
        elif not self._has_password(headers.get("authorization", "")):
            if "authorization" in headers:
                await asyncio.sleep(_SECONDS_AFTER_A_WRONG_PASSWORD)
            await _answer(send, 401, "the password, please", ("www-authenticate", 'Basic realm="vidstyle"'))
        else:
            await self._app(scope, receive, _with_policy(send))

    def _knows_host(self, host: str) -> bool:
        """Whether it is asked by a name of its own: where only this machine may, others are a trick."""
        return not self._options.is_local or _without_port(host) in {*_LOCAL, self._options.host}

    def _has_password(self, given: str) -> bool:
        if self._options.password is None:
            return True
        kind, _, code = given.partition(" ")
        try:
            _, _, word = base64.b64decode(code, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return False
        return kind.lower() == "basic" and hmac.compare_digest(word, self._options.password.encode())


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).strip("[]")


def _same_origin(headers: dict[str, str]) -> bool:
    """Browsers say from which page a request comes where that could do harm."""
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host"):
        return False
    site = headers.get("sec-fetch-site", "same-origin")
    return site in ("same-origin", "none") or headers.get("sec-fetch-mode") == "navigate"


def _with_policy(send: Send) -> Send:
    async def sent(message: Any) -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            more = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer")]
            if b"content-security-policy" not in names:
                more.append((b"content-security-policy", _POLICY.encode()))
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sent


async def _answer(send: Send, status: int, text: str, *headers: tuple[str, str]) -> None:
    lines = [("content-type", "text/plain; charset=utf-8"), *headers]
    encoded = [(name.encode(), value.encode()) for name, value in lines]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": text.encode()})
