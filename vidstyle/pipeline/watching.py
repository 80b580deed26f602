"""What is seen of a frame while it is painted: how its losses fell, and the picture every so many steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from vidstyle.atomic import clear_leftovers
from vidstyle.image.convert import to_uint16
from vidstyle.image.resize import resize, resize_wrapped
from vidstyle.methods import NeuralStyle
from vidstyle.methods.base import Method
from vidstyle.optimize import Look, Observer
from vidstyle.pipeline.beside import write_beside
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.stills import save_every, step_picture, step_pictures
from vidstyle.types import Frame, Painted


@dataclass(frozen=True)
class Search:
    """One search of a picture, or of features, of this size. losses: each weighted term at every step."""

    height: int
    width: int
    losses: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class FrameLosses:
    """How a frame was painted. frame, shot: indices from 0; pass_number: from 1.

    searches: in their order, coarse to fine. steps, losses: of the frame as it was kept.
    """

    frame: int
    shot: int
    pass_number: int
    steps: int
    losses: Mapping[str, float]
    searches: Sequence[Search]


class Watching:
    """Sees every step of the frame in hand, where anybody wants to know.

    tell: takes the losses of every frame once it is painted; None where nobody asked.
    """

    def __init__(self, plan: Plan, tell: Callable[[FrameLosses], None] | None) -> None:
        self._tell = tell
        self._record = None if tell is None else _Record()
        self._pictures = _StepPictures(plan) if save_every(plan.options) else None
        self._at_work = False

    @property
    def observer(self) -> Observer | None:
        """For the painter; None where there is nothing to see, so that nothing is lost by it."""
        return None if self._record is None and self._pictures is None else self._see

    @property
    def files(self) -> list[Path]:
        """The pictures that were written."""
        return [] if self._pictures is None else self._pictures.files

    def begin(self, method: Method, frame: Frame, content: Tensor) -> None:
        """`method` is about to paint this frame; what it did before, to foretell its pace say, is nothing."""
        self._at_work = True
        if self._pictures is not None:
            self._pictures.begin(method, frame, content)

    def painted(self, index: int, shot: int, number: int, painted: Painted) -> None:
        """It has: frame `index` in pass `number`."""
        self._at_work = False
        if self._record is not None and self._tell is not None:
            losses = dict(painted.losses)
            self._tell(FrameLosses(index, shot, number, painted.steps, losses, self._record.taken()))

    def _see(self, look: Look) -> None:
        if not self._at_work:
            return
        if self._record is not None:
            self._record.add(look)
        if self._pictures is not None:
            self._pictures.add(look)


class _Record:
    """Notes the terms of every step. They are read from the device once a frame."""

    def __init__(self) -> None:
        self._searches: list[tuple[int, int, list[Mapping[str, Tensor]]]] = []

    def add(self, look: Look) -> None:
        if look.step == 1:
            height, width = look.image().shape[-2:]
            self._searches.append((height, width, []))
        self._searches[-1][2].append(look.losses)

    def taken(self) -> list[Search]:
        """The searches since it was last asked."""
        searches = [Search(height, width, _series(steps)) for height, width, steps in self._searches]
        self._searches.clear()
        return searches


def _series(steps: Sequence[Mapping[str, Tensor]]) -> dict[str, list[float]]:
    return {name: torch.stack([step[name] for step in steps]).tolist() for name in steps[0]}


class _StepPictures:
    """Writes a still as it is every so many steps, counted over all sizes, always at its full size."""

    def __init__(self, plan: Plan) -> None:
        self.files: list[Path] = []
        self._plan, self._every, self._steps = plan, save_every(plan.options) or 1, 0
        there = step_pictures(plan.output, self._every)
        # A run that was killed while it wrote one had written the one before.
        begun = [step_picture(plan.output, number + self._every) for number in (0, *there)]
        clear_leftovers([*there.values(), *begun])

    def begin(self, method: Method, frame: Frame, content: Tensor) -> None:
        self._method, self._frame, self._content = method, frame, content

    def add(self, look: Look) -> None:
        self._steps += 1
        if self._steps % self._every:
            return
        plan, size = self._plan, (self._plan.height, self._plan.width)
        image = (resize_wrapped if plan.wraps else resize)(look.image(), size)
        if isinstance(self._method, NeuralStyle):
            image = self._method.finished(self._content, image)
        result = plan.result_frame(self._frame, to_uint16(image))
        self.files.append(step_picture(plan.output, self._steps))
        write_beside(plan, self.files[-1], result.pixels, result.alpha)
