"""Writing the result from the painted frames, with the source's times, sound and transparency."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from torch import Tensor

from vidstyle.events import Hooks, Notice, Pace
from vidstyle.image.convert import to_uint16
from vidstyle.image.masks import feathered
from vidstyle.job import FrameStore
from vidstyle.methods.base import Finished
from vidstyle.options import EncodeOptions
from vidstyle.pipeline.dissolving import carried, mixed
from vidstyle.pipeline.guide import masks
from vidstyle.pipeline.plan import Plan
from vidstyle.pipeline.prefetch import prefetch
from vidstyle.pipeline.stored import load_carry, load_pixels
from vidstyle.types import Frame
from vidstyle.video.depth import to_depth
from vidstyle.video.formats import output_kind, picture_depths
from vidstyle.video.pictures import write_picture
from vidstyle.video.writer import Writer, open_writer


def encode(plan: Plan, frames: FrameStore, hooks: Hooks) -> list[Path]:
    """Write the result; returns its files. Raises OutputError, Stopped, FrameDamaged."""
    pace = Pace("encode", len(frames.frames()))
    mask = mask_of(plan, frames)
    other = lru_cache(maxsize=1)(partial(load_pixels, frames))

    def read() -> Iterator[tuple[Frame, np.ndarray]]:
        for frame in plan.clip.frames(plan.start, plan.stop):
            yield frame, mixed(load_pixels(frames, frame.index), load_carry(frames, frame.index), other)

    with _opened(plan, hooks.tell) as writer, closing(prefetch(read())) as painted:
        for frame, pixels in painted:
            writer.write(plan.canvas.result(frame, pixels, mask(frame.index)))
            event = pace.finished(frame.index, 0, seconds_per_frame=None, seconds_left=None)
            hooks.report(event)
    return writer.files


def mask_of(plan: Plan, frames: FrameStore) -> Callable[[int], Tensor | None]:
    """By frame: where the result is laid over the source, float32 (1, H, W); None for everywhere."""
    if plan.mask is None:
        return lambda index: None
    find = masks(plan.mask, plan.canvas.size, plan.carries, lambda index: load_carry(frames, index))
    return lambda index: feathered(find(index), plan.run.mask_feather)


def finished(plan: Plan, frames: FrameStore) -> Finished:
    """The painted frames, as a method sees them that writes something beside the result."""

    def source(index: int) -> Frame:
        return plan.canvas.scaled(next(iter(plan.clip.frames(index, index + 1))))

    def write(path: Path, image: Tensor, like: Frame | None) -> None:
        pixels = to_uint16(image)
        if like is None:
            whole = replace(source(frames.frames()[0]), pixels=pixels, alpha=None)
        else:
            whole = plan.canvas.result(like, pixels, mask_of(plan, frames)(like.index))
        write_beside(plan, path, whole)

    def carry(index: int) -> dict[str, Tensor]:
        return carried(load_carry(frames, index))

    return Finished(plan.output, plan.engine, frames.frames(), carry, source, write)


def write_beside(plan: Plan, path: Path, frame: Frame) -> None:
    """Write a picture of the result's depth beside it, whole or not at all."""
    depth = plan.encode.bit_depth or picture_depths(path)[0]
    alpha = None if frame.alpha is None else to_depth(frame.alpha, depth)
    write_picture(path, to_depth(frame.pixels, depth), alpha)


def codec_of(output: Path, encode: EncodeOptions) -> str:
    """The video codec that is asked for, or that suits the file."""
    if encode.codec != "auto":
        return encode.codec
    return "vp9" if output.suffix.lower() == ".webm" else "h264"


def _opened(plan: Plan, notice: Notice) -> Writer:
    # Frames are kept with 16 bits; a picture gets them on request only, or where it keeps what has them.
    kept = 16 if plan.mask and plan.clip.bit_depth > 8 else picture_depths(plan.output)[0]
    kind = output_kind(plan.output, plan.clip, plan.start, plan.stop)
    depth = plan.encode.bit_depth or (None if kind in ("video", "animation") else kept)
    return open_writer(
        plan.output,
        plan.clip,
        width=plan.canvas.width,
        height=plan.canvas.height,
        codec=codec_of(plan.output, plan.encode),
        crf=plan.encode.crf,
        bit_depth=depth,
        start=plan.start,
        stop=plan.stop,
        overwrite=True,  # the plan has checked that what is there is ours to replace
        notice=notice,
    )
