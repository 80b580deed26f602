"""Files appear whole or not at all, and what killed runs left of them is cleared away."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidstyle.atomic import clear_leftovers, whole


def test_what_was_there_stays_until_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), whole(path) as temporary:
        temporary.write_text("new")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    with whole(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_what_killed_runs_have_left_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    left = [tmp_path / name for name in (".a.b.0123abcd.png", ".frames.89abcdef", "sub/.%04d.01234567.png")]
    kept = [
        tmp_path / name for name in ("a.b.png", ".a.b.0123abcd.jpg", ".a.b.0123abc.png", ".c.0123abcd.png")
    ]
    for path in (left[1] / "inside.png", left[2], left[0], *kept):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    clear_leftovers([tmp_path / name for name in ("a.b.png", "frames", "sub/%04d.png", "none/x.png")])
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
