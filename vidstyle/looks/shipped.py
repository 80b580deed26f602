"""The looks that come with the package."""

from __future__ import annotations

from pathlib import Path

SUFFIX = ".safetensors"
SHIPPED = {path.stem: path for path in sorted((Path(__file__).parent / "files").glob(f"*{SUFFIX}"))}
"""By name."""
BASE = "base"
"""That which others begin with."""
