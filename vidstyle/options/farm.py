"""Settings of painting a film on many machines."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import Checked, file_option


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
