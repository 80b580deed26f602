"""Shared fixtures. Data that is not part of the project lies in ../shared; tests skip without it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session")
def samples() -> Path:
    return ROOT / "sample_videos"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """shared("clips/x.mp4") -> its path; skips the test where it is absent (fails under CI)."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.exists():
            message = f"{path} is not here"
            if os.environ.get("VIDSTYLE_REQUIRE_SHARED") == "1":
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find
