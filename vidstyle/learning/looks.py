"""What there is to know of looks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vidstyle.looks.look import look_named, read_look
from vidstyle.looks.shipped import BASE, SHIPPED


def files_of(names: Sequence[Path]) -> list[Path]:
    """The files of looks that are named, or lie there. Raises WeightsError."""
    return [look_named(str(name)) for name in names]


def described(path: Path) -> dict[str, Any]:
    """Name, path, digest, plan, how it paints and how it was made. Raises WeightsError."""
    look = read_look(path)
    return {
        "name": path.stem,
        "path": str(path),
        "digest": look.digest,
        "plan": look.plan.to_json(),
        "flow": look.flow,
        "size": look.size,
        "made": dict(look.made),
    }


def shipped() -> list[dict[str, Any]]:
    """The looks that come with the package, but for that which others begin with."""
    return [described(path) for name, path in SHIPPED.items() if name != BASE]
