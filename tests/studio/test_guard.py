from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from vidstyle.options.studio import StudioOptions
from vidstyle.studio import guard
from vidstyle.studio.guard import Guard

_PASSWORD = "correct horse"


async def _app(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"let in"})


def _asked(options: StudioOptions, **headers: str) -> tuple[int, dict[str, str]]:
    """The status and the headers of an answer."""
    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        await Guard(_app, options)({"type": "http", "headers": encoded}, None, send)  # type: ignore[arg-type]

    asyncio.run(ask())
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


def _basic(word: str) -> str:
    return "Basic " + base64.b64encode(f"me:{word}".encode()).decode()


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "127.0.0.1"])
def test_this_machine_is_let_in(host: str) -> None:
    assert _asked(StudioOptions(), host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example:7860", "127.0.0.1.evil.example", ""])
def test_another_name_for_this_machine_is_refused(host: str) -> None:
    assert _asked(StudioOptions(), host=host)[0] == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:8000"},
        {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"},
    ],
)
def test_what_another_page_asks_is_refused(headers: dict[str, str]) -> None:
    assert _asked(StudioOptions(), host="127.0.0.1:7860", **headers)[0] == 403


def test_the_page_itself_and_a_link_to_it_are_let_in() -> None:
    own = {"origin": "http://127.0.0.1:7860", "sec_fetch_site": "same-origin"}
    assert _asked(StudioOptions(), host="127.0.0.1:7860", **own)[0] == 200
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert _asked(StudioOptions(), host="127.0.0.1:7860", **link)[0] == 200


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (None, 401),
        (_basic("wrong horse"), 401),
        ("Basic ???", 401),
        ("Bearer x", 401),
        (_basic(_PASSWORD), 200),
    ],
)
def test_others_need_the_password(given: str | None, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_SECONDS_AFTER_A_WRONG_PASSWORD", 0.0)
    options = StudioOptions(host="0.0.0.0", password=_PASSWORD)
    headers = {"host": "studio.lan:7860"} | ({"authorization": given} if given else {})
    assert _asked(options, **headers)[0] == status


def test_the_browser_is_told_to_ask_nobody_else() -> None:
    headers = _asked(StudioOptions(), host="localhost")[1]
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert headers["x-content-type-options"] == "nosniff"
