"""The engine: frames stream in, painted ones stream out, several of them in the network at a time.

The new picture x of a frame depends on the frame and on where the noise has drifted, not on what was painted
before. So while threads make x of some frames, what has to be done in turn is done beside them: the flow and
the drift of the frames after them, and laying x over the painting before, warped (see `network`).
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
import torch
from torch import Tensor

from vidstyle.flow.quick import Motion, QuickFlow
from vidstyle.image.interleaved import interleaved, planar, remap, to_bytes
from vidstyle.looks.brush import Brush
from vidstyle.looks.network import laid_over
from vidstyle.looks.noise import drift_after, no_drift
from vidstyle.looks.recolouring import colours_after
from vidstyle.pipeline.prefetch import prefetch

_MOST_WORKERS = 4  # more would only make what is shown later


@dataclass(frozen=True, eq=False)
class Begun:
    """A frame on its way. new: x, float32 (3, H, W), when it is there. brush: that makes it."""

    new: Future[Tensor]
    motion: Motion | None
    brush: Brush


class Stream:
    """Paints frames in their order with `brush`, which may be changed between two frames.

    carries: whether a frame is laid over the painting before, where the look wants that; without it every
    frame is painted by itself. workers: how many frames are in the network at a time; by the
    processor if not given. Whatever their number, the same frames give the same paintings. Close it, or use
    it as a context manager.
    """

    def __init__(self, brush: Brush, *, carries: bool = True, workers: int | None = None) -> None:
        self.brush, self._carries = brush, carries
        cores = os.cpu_count() or 1
        count = workers or min(_MOST_WORKERS, cores)
        self._threads_before = torch.get_num_threads()
        torch.set_num_threads(max(1, cores // count))
        self._workers = ThreadPoolExecutor(count, "vidstyle-paint")
        self._ahead = max(1, count - 1)
        self._flow = QuickFlow()
        self._drift: Tensor | None = None
        self._colours: Tensor | None = None
        self._painted: np.ndarray | None = None  # float32 (H, W, 3)
        self._painted_by: Brush | None = None

    def paint(self, frame: np.ndarray) -> np.ndarray:
        """The next frame, uint8 (H, W, 3) RGB, painted; the result likewise."""
        return self.finish(self.begin(frame))

    def painted(self, frames: Iterable[np.ndarray]) -> Generator[np.ndarray, None, None]:
        """The same of many, faster: some are begun before others are finished."""
        with closing(prefetch(map(self.begin, frames), self._ahead)) as begun:
            yield from map(self.finish, begun)

    @torch.inference_mode()
    def begin(self, frame: np.ndarray) -> Begun:
        """What the next frame's new picture depends on; the network is at it when this returns."""
        height, width = frame.shape[:2]
        motion = self._flow(frame)
        pixels = torch.from_numpy(frame).permute(2, 0, 1)
        self._colours = colours_after(None if motion is None else self._colours, pixels)
        if motion is None or self._drift is None:
            self._drift = no_drift(height, width, torch.device("cpu"))
        else:
            vectors = torch.from_numpy(motion.vectors).permute(2, 0, 1)
            self._drift = drift_after(self._drift, vectors, torch.from_numpy(motion.trust)[None])
        new = self._workers.submit(_new, self.brush, pixels, self._drift, self._colours)
        return Begun(new, motion, self.brush)

    @torch.inference_mode()
    def finish(self, begun: Begun) -> np.ndarray:
        """Lay a frame over the painting before. Frames come in the order in which they were begun."""
        image, motion, before = begun.new.result(), begun.motion, self._painted
        carries = self._carries and begun.brush.flow and self._painted_by is begun.brush
        if carries and motion is not None and before is not None:
            warped = torch.from_numpy(planar(remap(before, motion.vectors, sharp=True)))
            image = laid_over(image[None], warped[None], torch.from_numpy(motion.trust)[None, None])[0]
        self._painted = interleaved(image.clamp_(0, 1).numpy())
        self._painted_by = begun.brush
        return to_bytes(self._painted)

    def close(self) -> None:
        """End the threads."""
        self._workers.shutdown(cancel_futures=True)
        torch.set_num_threads(self._threads_before)
        self._flow.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@torch.inference_mode()
def _new(brush: Brush, pixels: Tensor, drift: Tensor, colours: Tensor) -> Tensor:
    """x of pixels uint8 (3, H, W), on the CPU, float32 (3, H, W)."""
    frame = pixels.to(brush.device).to(torch.float32, memory_format=torch.contiguous_format)
    found = brush.new(frame.div_(255), drift.to(brush.device), colours.to(brush.device))
    return found.cpu()
