"""Painted frames on disk, as the spine saves and reads them."""

from __future__ import annotations

import math

import numpy as np
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from vidstyle.image.convert import to_float, to_uint8, to_uint16
from vidstyle.job import FrameStore, JobStore
from vidstyle.pipeline.frame_order import backwards
from vidstyle.types import Painted
from vidstyle.video.pictures import decode_png, encode_png


def save_painted(
    job: JobStore,
    frames: FrameStore,
    index: int,
    painted: Painted,
    *,
    depth: int = 16,
    flush: bool = True,
) -> Painted:
    """Store a painted frame; returns it as it was stored, since that is what a resumed run would read.

    depth: bits, 8 or 16. flush: see `FrameStore.save_frame`.
    """
    pixels = to_uint16(painted.image) if depth > 8 else to_uint8(painted.image)
    carry = {name: tensor.detach().cpu().contiguous() for name, tensor in painted.carry.items()}
    picture, rest = encode_png(pixels), save_tensors(carry) if carry else None
    if frames.differs_from_damaged(index, picture, rest):
        _forget_followers(job, frames, index)
    frames.save_frame(index, picture, rest, flush=flush)
    return Painted(to_float(pixels), carry)


def load_painted(frames: FrameStore, index: int) -> Painted:
    """A stored frame. Raises FrameDamaged."""
    return Painted(to_float(load_pixels(frames, index)), load_carry(frames, index))


def load_pixels(frames: FrameStore, index: int) -> np.ndarray:
    """The pixels of a stored frame, uint16 (3, H, W). Raises FrameDamaged."""
    pixels = decode_png(frames.load_frame(index))[0]
    return pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * 257


def load_carry(frames: FrameStore, index: int) -> dict[str, Tensor]:
    """The tensors that a stored frame has left, by name; none where it left none. Raises FrameDamaged."""
    data = frames.load_carry(index)
    return {} if data is None else load_tensors(data)


def _forget_followers(job: JobStore, frames: FrameStore, index: int) -> None:
    """Forget what was painted from a frame that was damaged and comes out differently now."""
    for number in reversed(job.passes()):
        if number > frames.number:
            job.of_pass(number).remove()
    starts = job.shot_starts()
    start = max((first for first in starts if first <= index), default=0)
    stop = min((first for first in starts if first > index), default=math.inf)
    back = backwards(frames.number)
    after = [i for i in frames.frames() if (start <= i < index if back else index < i < stop)]
    frames.discard(after if back else reversed(after))
