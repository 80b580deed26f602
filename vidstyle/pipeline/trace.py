"""What is seen of a frame while it is painted: how its losses fell, and the picture every so many steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.atomic import clear_leftovers
from vidstyle.events import FrameLosses, Observer, SearchLosses, StepInfo
from vidstyle.image.convert import to_uint16
from vidstyle.image.resize import resize, resize_wrapped
from vidstyle.methods.base import Finishing, Painter
from vidstyle.pipeline.encoding import write_beside
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.stills import step_picture, step_pictures
from vidstyle.types import Frame, Painted


class Trace:
    """Sees every step of the frame in hand, where anybody wants to know.

    tell: takes the losses of every frame once it is painted; None where nobody asked.
    """

    def __init__(self, plan: Plan, tell: Callable[[FrameLosses], None] | None) -> None:
        self._tell = tell
        self._record = None if tell is None else _Record()
        self._pictures = _StepPictures(plan) if plan.options.save_every else None

    @property
    def observer(self) -> Observer | None:
        """For the painter; None where there is nothing to see, so that nothing is lost by it."""
        return None if self._record is None and self._pictures is None else self._see

    @property
    def files(self) -> list[Path]:
        """The pictures that were written."""
        return [] if self._pictures is None else self._pictures.files

    def begin(self, painter: Painter, frame: Frame, content: Tensor) -> None:
        """`painter` is about to paint this frame, perhaps once more."""
        if self._record is not None:
            self._record.taken()
        if self._pictures is not None:
            self._pictures.begin(painter, frame, content)

    def painted(self, index: int, shot: int, number: int, painted: Painted) -> None:
        """It has: frame `index` in pass `number`."""
        if self._record is not None and self._tell is not None:
            losses = dict(painted.losses)
            self._tell(FrameLosses(index, shot, number, painted.steps, losses, self._record.taken()))

    def _see(self, step: StepInfo) -> None:
        if self._record is not None:
            self._record.add(step)
        if self._pictures is not None:
            self._pictures.add(step)


class _Record:
    """Notes the terms of every step. They are read from the device once a frame."""

    def __init__(self) -> None:
        self._searches: list[tuple[int, int, list[Mapping[str, Tensor]]]] = []

    def add(self, step: StepInfo) -> None:
        if step.step == 1:
            height, width = step.image().shape[-2:]
            self._searches.append((height, width, []))
        self._searches[-1][2].append(step.losses)

    def taken(self) -> list[SearchLosses]:
        """The searches since it was last asked."""
        searches = [SearchLosses(height, width, _series(steps)) for height, width, steps in self._searches]
        self._searches.clear()
        return searches


def _series(steps: Sequence[Mapping[str, Tensor]]) -> dict[str, list[float]]:
    return {name: torch.stack([step[name] for step in steps]).tolist() for name in steps[0]}


class _StepPictures:
    """Writes a still as it is every so many steps, counted over all sizes, always at its full size."""

    def __init__(self, plan: Plan) -> None:
        self.files: list[Path] = []
        self._plan, self._every, self._steps = plan, plan.options.save_every or 1, 0
        there = step_pictures(plan.output, self._every)
        # A run that was killed while it wrote one had written the one before.
        begun = [step_picture(plan.output, number + self._every) for number in (0, *there)]
        clear_leftovers([*there.values(), *begun])

    def begin(self, painter: Painter, frame: Frame, content: Tensor) -> None:
        self._painter, self._frame, self._content = painter, frame, content

    def add(self, step: StepInfo) -> None:
        self._steps += 1
        if self._steps % self._every:
            return
        canvas = self._plan.canvas
        image = (resize_wrapped if self._plan.flow.wraps else resize)(step.image(), canvas.size)
        if isinstance(self._painter, Finishing):
            image = self._painter.finished(self._content, image)
        self.files.append(step_picture(self._plan.output, self._steps))
        write_beside(self._plan, self.files[-1], canvas.result(self._frame, to_uint16(image)))
