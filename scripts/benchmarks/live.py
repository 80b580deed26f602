"""Painting live: milliseconds of each stage, and frames a second from a file into a file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
import torch

from benchmarks.common import Setting, Table, scratch
from vidstyle.device import pick_device, pick_dtype
from vidstyle.events import Hooks, say_nothing
from vidstyle.flow.quick import QuickFlow
from vidstyle.image.interleaved import interleaved, planar, remap, to_bytes
from vidstyle.live.live import live
from vidstyle.live.source import open_source
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import look_of, write_look
from vidstyle.looks.network import Plan, Student, laid_over
from vidstyle.looks.noise import drift_after, no_drift
from vidstyle.looks.recolouring import colours_after
from vidstyle.options.live import LiveOptions
from vidstyle.types import Frame
from vidstyle.video.reader import open_clip
from vidstyle.video.writer import open_writer

SIZES = ((640, 360), (1920, 1080))
STAGES = ("decode", "flow", "drift and colours", "network", "warp", "lay over", "encode")
WHOLE = ("all, processor ms a frame", "all, frames a second")
_WARM = 3  # frames, in which memory is taken


def run(setting: Setting, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[Table]:
    """Of a network that nobody has taught, which is as fast as any other, and of a clip made this large."""
    device = pick_device(setting.device)
    torch.manual_seed(0)
    look = look_of(Student(Plan()), [torch.rand(3, 64, 64)], {})
    brush = Brush(look, device, pick_dtype("auto", device))
    columns: list[dict[str, float]] = []
    with scratch() as folder:
        write_look(folder / "look.safetensors", look)
        for size in sizes:
            film = _film(setting, folder, size, (setting.frames or 40) + _WARM)
            columns.append(_stages(brush, film, max(size)) | _whole(setting, folder, film, max(size)))
    rows = [[name, *(column[name] for column in columns)] for name in (*STAGES, *WHOLE)]
    names = ["of the processor, ms a frame", *(f"{width}x{height}" for width, height in sizes)]
    notes = ["stages one after the other on one thread; all: as vidstyle live paints a file into a file"]
    return [Table("live", names, rows, notes)]


def _film(setting: Setting, folder: Path, size: tuple[int, int], count: int) -> Path:
    path, clip = folder / f"{size[0]}.mp4", open_clip(setting.source)
    pictures = [cv2.resize(interleaved(frame.pixels), size) for frame in clip.frames(0, count)]
    there_and_back = cycle(pictures + pictures[-2:0:-1])
    with open_writer(path, clip, width=size[0], height=size[1], stop=count, notice=say_nothing) as writer:
        for at, picture in enumerate(islice(there_and_back, count)):
            pixels = np.ascontiguousarray(picture.transpose(2, 0, 1))
            step = round(1 / (clip.time_base * (clip.frame_rate or 25)))
            writer.write(Frame(pixels, at, at * step, clip.time_base, step))
    return path


@torch.inference_mode()
def _stages(brush: Brush, film: Path, longest: int) -> dict[str, float]:
    """Milliseconds of the processor, all threads of a stage together."""
    seconds: dict[str, list[float]] = {name: [] for name in STAGES}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        began = time.process_time()
        yield
        seconds[name].append(time.process_time() - began)

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    source, follow = open_source(str(film), longest), QuickFlow()
    height, width = source.height, source.width
    drift, colours, painted = no_drift(height, width, torch.device("cpu")), None, None
    frames = source.clip.frames()
    size = {"width": width, "height": height}
    output = film.with_name("stages.mp4")
    with open_writer(output, source.clip, **size, preset="veryfast", notice=say_nothing) as writer:
        while True:
            with timed("decode"):
                frame = next(frames, None)
                if frame is None:
                    break
                pixels = source.pixels_of(frame)
            with timed("flow"):
                motion = follow(pixels)
            with timed("drift and colours"):
                colours = colours_after(colours, torch.from_numpy(pixels).permute(2, 0, 1))
                if motion is not None:
                    trust = torch.from_numpy(motion.trust)[None]
                    drift = drift_after(drift, torch.from_numpy(motion.vectors).permute(2, 0, 1), trust)
            with timed("network"):
                content = torch.from_numpy(planar(pixels)).to(brush.device).float() / 255
                new = brush.new(content, drift.to(brush.device), colours.to(brush.device)).cpu()[None]
            if motion is not None and painted is not None:
                with timed("warp"):
                    before = torch.from_numpy(planar(remap(painted, motion.vectors, sharp=True)))
                with timed("lay over"):
                    new = laid_over(new, before[None], trust[None])
            painted = interleaved(new[0].clamp(0, 1).numpy())
            with timed("encode"):
                writer.write(replace(frame, pixels=to_bytes(painted).transpose(2, 0, 1)))
    torch.set_num_threads(threads)
    return {name: 1000 * mean(found[_WARM:] or found) for name, found in seconds.items()}


def _whole(setting: Setting, folder: Path, film: Path, longest: int) -> dict[str, float]:
    """As the command paints it, from the frame on that is the first one not to be slow."""
    times: list[tuple[float, float]] = []
    hooks = Hooks(progress=lambda event: times.append((time.perf_counter(), time.process_time())))
    look = (str(folder / "look.safetensors"),)
    options = LiveOptions(look=look, size=longest, window=False, device=setting.device, overwrite=True)
    live(str(film), folder / "live.mp4", options=options, hooks=hooks)
    (began, before), (ended, after) = times[min(_WARM, len(times) - 2)], times[-1]
    count = len(times) - 1 - min(_WARM, len(times) - 2)
    return dict(zip(WHOLE, (1000 * (after - before) / count, count / (ended - began)), strict=True))
