"""What an edit writes beside its result, from the job's first frame."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from vidstyle.job import FrameStore
from vidstyle.methods.dfi.beside import save_beside
from vidstyle.options import DfiOptions
from vidstyle.pipeline.beside import write_beside
from vidstyle.pipeline.plan import Notice, Plan
from vidstyle.pipeline.stored import load_carry
from vidstyle.video.pictures import Picture


def save_edits(plan: Plan, frames: FrameStore, notice: Notice) -> list[Path]:
    """Write what the options ask for beside the result; returns the files. See `save_beside`."""
    if not isinstance(plan.options, DfiOptions):
        return []
    first = frames.frames()[0]

    def still() -> Picture:
        source = next(iter(plan.clip.frames(first, first + 1)))
        frame = plan.result_frame(source, plan.scaled(source).pixels)
        return frame.pixels, frame.alpha

    return save_beside(
        plan.options,
        plan.output,
        load_carry(frames, first),
        still=still,
        write=partial(write_beside, plan),
        painter=lambda: plan.prepare(notice),
    )
