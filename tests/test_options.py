"""Every setting tells all about itself: what a job is, and what it keeps, follows from that alone."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from vidstyle.methods.registry import METHODS, command
from vidstyle.options import (
    EncodeOptions,
    EvaluateOptions,
    FeaturesOptions,
    FlowOptions,
    RunOptions,
    at_home,
    by_role,
    files_read,
)
from vidstyle.options.base import ROLES, Checked, file_option, option

KINDS = [
    *(command(name).options for name in METHODS),
    *(command(name).run for name in METHODS),
    *(RunOptions, EncodeOptions, FlowOptions, EvaluateOptions, FeaturesOptions),
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_has_a_role_and_a_help_text(kind: type[Any]) -> None:
    for spec in fields(kind):
        assert spec.metadata.get("role") in ROLES, f"{kind.__name__}.{spec.name} has no role"
        assert spec.metadata["help"].endswith("."), f"{kind.__name__}.{spec.name} has no help text"


def test_a_role_must_be_one_that_there_is() -> None:
    with pytest.raises(ValueError, match="role must be one of decides, encodes, written, free"):
        option(1, "A number.", role="whatever")


def _pair(text: str) -> list[str]:
    name, path = text.split("=")
    return [f"{name}=", path]


@dataclass(frozen=True, kw_only=True)
class Several(Checked):
    """One field of every kind that names files."""

    picture: str | None = file_option(None, "A picture.")
    start: str = file_option("noise", "Where it starts.", words=("noise",))
    parts: tuple[str, ...] = file_option((), "Named parts.", parts=_pair, whole=True)
    aside: str | None = file_option(None, "Written.", role="written")
    weight: float = option(1.0, "How much.")


def test_files_are_found_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = Several(picture="a.png", start="b.png", parts=("x=c.png", "y=/d.png"), aside="e.png")
    home = at_home(given)
    assert (home.picture, home.start, home.aside) == tuple(str(tmp_path / f"{n}.png") for n in "abe")
    assert home.parts == (f"x={tmp_path}/c.png", "y=/d.png")
    assert at_home(Several()) == Several()
    assert [path.name for path in files_read(given)] == ["a.png", "b.png", "c.png", "d.png"]
    assert files_read(Several()) == []
    assert by_role(given, "written") == {"aside": "e.png"}
