"""Settings of painting a film on many machines."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.options.base import Checked, file_option, option

_RAY = "ray"


@dataclass(frozen=True, kw_only=True)
class QueueOptions(Checked):
    """In which form the commands are wanted that paint the shots of a job."""

    commands: str | None = file_option(
        None,
        "Write the commands that paint the shots into this file, one a line, longest first; only that which "
        "joins them is printed then.",
        role="written",
    )
    slurm: str | None = file_option(
        None,
        "Write a script for sbatch that paints the shots as an array; how to submit it is printed.",
        role="written",
    )


@dataclass(frozen=True, kw_only=True)
class FarmOptions(Checked):
    """On which machines a film is painted."""

    on: str | None = option(
        None,
        "Paint the shots of a clip side by side: ray uses this machine's cores or GPUs, ray://ADDRESS a Ray "
        "cluster (HOST:6379, or auto for one that this machine belongs to).",
        metavar="ray[://ADDRESS]",
        role="free",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.on is not None and self.on != _RAY and not self.on.startswith(f"{_RAY}://"):
            raise UsageError(f"--on takes ray or ray://ADDRESS, not {self.on!r}")

    @property
    def address(self) -> str | None:
        """Of the cluster; None for this machine alone."""
        return None if self.on is None else self.on.removeprefix(_RAY).removeprefix("://") or None
