"""`vidstyle guide`: what is shipped, in the terminal and through a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest

from tests.guides.reading import GUIDES, guide
from vidstyle.cli import main


def test_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide"]) == 0
    shown = capsys.readouterr().out
    assert all(f"- `{path.stem}`: " in shown for path in GUIDES)


@pytest.mark.parametrize("asked", ["how_it_works", "how-it-works", "How_It_Works.md"])
def test_a_pipe_gets_plain_markdown(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guide", asked]) == 0
    assert capsys.readouterr().out == guide("how_it_works").read_text("utf-8")


def test_a_terminal_gets_it_set(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "300")
    assert main(["guide", "fill"]) == 0
    shown = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert "Take something out" in shown and "Picture: A balloon" in shown
    assert "```" not in shown and ".jpg)" not in shown
    assert max(map(len, shown.split("\n"))) <= 100
    assert main(["guide", "photo"]) == 0
    assert "vidstyle guide regions" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("asked", "words"),
    [("tekstures", "near are textures"), ("colorize", "colour"), ("qqq", "vidstyle guide lists them")],
)
def test_another_topic_is_refused(asked: str, words: str, refused: Callable[..., None]) -> None:
    refused(2, [f"there is no guide called '{asked}'", words], "guide", asked)
