"""The pictures that --save-every writes of a still: their names, and what they may replace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidstyle.errors import UsageError
from vidstyle.options import MethodOptions
from vidstyle.video.formats import OutputKind, check_spared


def step_picture(output: Path, steps: int) -> Path:
    """OUT_0050.png, the picture after so many steps."""
    return output.with_name(f"{output.stem}_{steps:04d}{output.suffix}")


def step_pictures(output: Path, every: int) -> dict[int, Path]:
    """The files that lie where pictures after multiples of `every` steps would be written, by these steps."""
    name = re.compile(rf"{re.escape(output.stem)}_(\d{{4,}}){re.escape(output.suffix)}")
    folder = output.absolute().parent
    found = [(int(match[1]), match[0]) for path in folder.iterdir() if (match := name.fullmatch(path.name))]
    wanted = {steps: step_picture(output, steps) for steps, _ in found if steps and steps % every == 0}
    return {steps: path for steps, path in wanted.items() if path.exists()}


def check_steps(
    options: MethodOptions,
    output: Path,
    kind: OutputKind,
    read: Sequence[Path],
    earlier: Mapping[str, Any],
    overwrite: bool,
) -> None:
    """Whether --save-every makes sense, and replaces nothing of the user's unasked.

    kind: of the output. read: the files that the run reads. earlier: the settings of the job that has made
    this output, if any.
    """
    every = options.save_every
    if every is None:
        return
    if kind != "picture":
        raise UsageError(
            f"--save-every is for stills, and {output} is none; --frames 5:6 makes one of a clip"
        )
    before = earlier.get("options", {}).get("save_every")
    for steps, path in step_pictures(output, every).items():
        check_spared(path, read, overwrite or bool(before and steps % before == 0))
