"""A disk that fails at any write: one line, nothing half, and the same command goes on when it is well."""

from __future__ import annotations

import errno
import functools
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.painting import Paint, assert_same
from vidstyle.errors import OutputError

SETTINGS = {"codec": "ffv1", "frames": ":3", "passes": 2, "color": "match"}
_MOST = 200  # calls of a whole run; there are fewer


class Failing:
    """A call that fails the `at`th time; `failed` says whether it came to that."""

    def __init__(self, real: Any, number: int, at: int) -> None:
        self.real, self.number, self.left, self.failed = real, number, at, False

    def __get__(self, owner: Any, kind: type) -> Any:
        return functools.partial(self, owner)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            self.failed = True
            raise OSError(self.number, os.strerror(self.number))
        return self.real(*arguments, **named)


@pytest.mark.parametrize(
    ("owner", "call", "number"),
    [
        (Path, "write_bytes", errno.ENOSPC),
        (os, "fsync", errno.EIO),
        (os, "replace", errno.ENOSPC),
        (os, "open", errno.EDQUOT),
    ],
)
def test_a_fault_at_every_call_of_a_run(
    paint: Paint,
    clip: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: Any,
    call: str,
    number: int,
) -> None:
    """The first fault comes at the first call of the first run, the next one later in the next run, ..."""
    whole = paint(clip, "whole.mkv", **SETTINGS)
    failures = 0
    for at in range(1, _MOST):
        failing = Failing(getattr(owner, call), number, at)
        with monkeypatch.context() as patch:
            patch.setattr(owner, call, failing)
            try:
                out = paint(clip, "out.mkv", **SETTINGS)
            except OutputError as error:
                assert failing.failed and "\n" not in str(error)
                failures += 1
                continue
        assert_same(out, whole)
        if not failing.failed:
            break
        out.unlink()  # it did without: from the beginning, then, or nothing would be left to do
        shutil.rmtree(tmp_path / "out.mkv.vidstyle")
    assert failures >= 5
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
