"""What the program reads of its own is installed with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_file_beside_the_code_is_shipped() -> None:
    globs = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"][
        "vidstyle"
    ]
    package = ROOT / "vidstyle"
    there = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    shipped = {path for pattern in globs for path in package.glob(pattern)}
    assert {path for path in there - shipped if path.suffix != ".py"} == set()
    assert all(any(package.glob(pattern)) for pattern in globs)
