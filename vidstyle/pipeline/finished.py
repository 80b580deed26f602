"""The painted frames of a job, as a method sees them that writes something beside the result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from vidstyle.image.convert import to_uint16
from vidstyle.job import FrameStore
from vidstyle.methods.base import Engine
from vidstyle.pipeline.encoding import mask_of, write_beside
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.stored import load_carry
from vidstyle.types import Frame


@dataclass(frozen=True)
class FinishedFrames:
    """See `methods.base.Finished`."""

    plan: Plan
    store: FrameStore

    @property
    def output(self) -> Path:
        return self.plan.output

    @property
    def engine(self) -> Engine:
        return self.plan.engine

    @property
    def frames(self) -> Sequence[int]:
        return self.store.frames()

    def carry(self, index: int) -> dict[str, Tensor]:
        return load_carry(self.store, index)

    def source(self, index: int) -> Frame:
        return self.plan.canvas.scaled(next(iter(self.plan.clip.frames(index, index + 1))))

    def write(self, path: Path, image: Tensor, like: Frame | None = None) -> None:
        pixels = to_uint16(image)
        if like is not None:
            mask = mask_of(self.plan, self.store)(like.index)
            write_beside(self.plan, path, self.plan.canvas.result(like, pixels, mask))
        else:
            first = self.source(self.frames[0])
            write_beside(self.plan, path, replace(first, pixels=pixels, alpha=None))
