"""What the tests of the job directory share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vidstyle.errors import VidstyleError
from vidstyle.job import JobStore

PRINT = {"method": "neural", "options": {"style_weight": 1.0}}
SETTINGS = {"output": "out.mp4", "crf": 18}


def open_store(directory: Path, **changes: Any) -> JobStore:
    return JobStore.open(directory, changes.pop("fingerprint", PRINT), SETTINGS, **changes)


def everything_under(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def assert_one_line(error: pytest.ExceptionInfo[VidstyleError]) -> None:
    assert "\n" not in str(error.value)
