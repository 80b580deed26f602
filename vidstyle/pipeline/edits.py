"""What deep feature interpolation writes beside its result: every strength of a still, and the vector."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from vidstyle.atomic import clear_leftovers
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.image.strip import strip
from vidstyle.job import FrameStore
from vidstyle.methods import Dfi
from vidstyle.options import DfiOptions
from vidstyle.pipeline.beside import write_beside
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.sets import pictures_beside
from vidstyle.pipeline.stored import load_carry
from vidstyle.types import Notice


def save_edits(plan: Plan, frames: FrameStore, notice: Notice) -> list[Path]:
    """Write what the options ask for beside the result; returns the files.

    Of a still with several strengths: the other ones, and a strip of the input and them all. The vector is
    that of the first frame.
    """
    if not isinstance(plan.options, DfiOptions):
        return []
    first = frames.frames()[0]
    carry = load_carry(frames, first)
    vector = [] if plan.options.save_vector is None else [Path(plan.options.save_vector)]
    clear_leftovers([*pictures_beside(plan.output, plan.options.strength), *vector])
    files = _save_series(plan, first, carry) + vector
    if vector:
        method = plan.prepare(notice)
        assert isinstance(method, Dfi)
        method.vector({name: plan.move(part) for name, part in carry.items()}).save(files[-1])
    return files


def _save_series(plan: Plan, first: int, carry: dict[str, Tensor]) -> list[Path]:
    assert isinstance(plan.options, DfiOptions)
    paths = pictures_beside(plan.output, plan.options.strength)
    if not paths:
        return []
    source = next(iter(plan.clip.frames(first, first + 1)))
    images = list(carry["series"])
    *others, whole = paths
    for path, image in zip(others, images, strict=False):
        result = plan.result_frame(source, to_uint16(image))
        write_beside(plan, path, result.pixels, result.alpha)
    write_beside(plan, whole, to_uint16(strip([to_float(plan.scaled(source).pixels), *images])), None)
    return paths
