"""Writing the flow of a clip to files: whatever is not there yet is estimated, judged and shown."""

from __future__ import annotations

import re
import sys
from collections import deque
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from vidstyle.atomic import write_whole
from vidstyle.device import pick_device
from vidstyle.errors import InputError, JobMismatch, OutputError, UsageError
from vidstyle.events import Hooks, Pace
from vidstyle.flow.colourwheel import colours, radius_for
from vidstyle.flow.consistency import HALF_A_PIXEL, reliability_8bit
from vidstyle.flow.estimators import make_estimator
from vidstyle.flow.files import read_flo, write_flo, write_pgm
from vidstyle.flow.pair import EstimatedFlow
from vidstyle.flow.stored import FlowFiles
from vidstyle.image.convert import reduce_to_uint8
from vidstyle.job import LOCK, Lock, differences
from vidstyle.options import FlowOptions
from vidstyle.pipeline.frames import cut_places, frame_range, frame_total, resized, result_size
from vidstyle.plain import json_text, parse_json, read_plain
from vidstyle.types import Frame
from vidstyle.video.clip import Clip
from vidstyle.video.formats import check_named
from vidstyle.video.pictures import write_picture
from vidstyle.video.reader import open_clip
from vidstyle.video.shots import detect_cuts
from vidstyle.video.writer import Writer, open_writer

SETTINGS = "flow.json"
PREVIEW = "preview.mp4"
_OURS = re.compile(r"(forward|backward)_\d+_\d+\.(flo|png)|reliable_\d+_\d+\.pgm|" + re.escape(SETTINGS))


def write_flow(
    source: Path | str,
    directory: Path | str,
    *,
    options: FlowOptions | None = None,
    hooks: Hooks | None = None,
) -> Path:
    """Write the flow between the frames of a clip, both ways, into a folder; returns the folder.

    source: a video, a folder of pictures or a pattern such as frames/%04d.png.

    For each pair of frames a < b, counted from 0, there are `forward_{a}_{b}.flo` on the grid of frame a,
    `backward_{b}_{a}.flo` on that of frame b, and of each a picture (`.png`) and a mask:
    `reliable_{a}_{b}.pgm` judges the former. The masks count vectors that end up to half a pixel outside as
    in frame, as painting does, so that flow read from the folder gives the same painting as flow estimated
    on the way. Across a cut there is no flow.

    Files that are there are kept, so the same call again goes on where an earlier one ended; a second one at
    the same time is refused.

    Raises VidstyleError (see vidstyle.errors), Stopped among them when `hooks.stop` was set.
    """
    options, hooks = options or FlowOptions(), hooks or Hooks()
    check_named(Path(directory))
    clip = open_clip(source, damaged=options.damaged, deinterlace=options.deinterlace)
    start, end = frame_range(options.frames, clip)
    total = frame_total(clip, start, end)
    if clip.kind == "still" or (clip.frame_count_exact and total == 1):
        raise InputError(f"{clip.path}: one frame has no flow; give a clip and --frames of two or more")
    width, height = result_size(clip, options.size)
    device = str(pick_device(options.device))
    estimator = make_estimator(options.flow, options.flow_weights, device, hooks.tell)
    flow = EstimatedFlow(estimator, options.flow_size)
    settings = {
        "source": {"name": clip.path.name, "digest": clip.digest()},
        "size": f"{width}x{height}",
        **({} if options.deinterlace == "auto" else {"deinterlace": options.deinterlace}),
        "flow": estimator.name,
        "flow_size": options.flow_size,
        **flow.contents(range(0)),
    }
    _make(Path(directory), settings, options.overwrite)  # before a file is laid into it
    with Lock(Path(directory) / LOCK, "--output"):
        files = _claim(Path(directory), settings, options.overwrite)
        work = _Export(clip, options, start, end, (height, width), flow, files, Path(directory))
        work.run(hooks, total)
    for line in clip.notices:
        hooks.tell(line)
    return Path(directory)


def judge(flow: Path, reverse: Path, mask: Path, overwrite: bool = False) -> None:
    """Judge a flow file by that of the opposite direction, and write the mask of the program of Ruder et al.

    Raises InputError for files that cannot be read or differ in size, OutputError or UsageError for the mask.
    """
    if mask.suffix.lower() != ".pgm":
        raise UsageError(f"{mask}: masks are written as .pgm")
    if mask.exists() and not overwrite:
        raise OutputError(f"{mask} exists; give another name, or --overwrite to replace it")
    one, other = read_flo(flow), read_flo(reverse)
    if one.shape != other.shape:
        sizes = [f"{vectors.shape[2]}x{vectors.shape[1]}" for vectors in (one, other)]
        raise InputError(f"{flow} is {sizes[0]} but {reverse} is {sizes[1]}; give two flows of one size")
    write_pgm(mask, reliability_8bit(one, other))


def _make(directory: Path, settings: dict[str, Any], overwrite: bool) -> None:
    """The folder, if need be. Raises JobMismatch or OutputError where it holds others' files, to be kept."""
    try:
        directory.mkdir(exist_ok=True)
    except FileExistsError:
        raise OutputError(f"{directory} is a file; give a folder") from None
    except OSError as error:
        raise OutputError(f"{directory} cannot be written: {error.strerror}") from error
    if not overwrite:
        _check_ours(directory, settings)


def _claim(directory: Path, settings: dict[str, Any], overwrite: bool) -> FlowFiles:
    """The folder, in which only this run works, for files of these settings alone. Raises as `_make` does."""
    record = directory / SETTINGS
    if overwrite:
        try:
            # The settings go last: a folder without them is not gone on with.
            for path in sorted(_flow_files(directory), key=lambda path: path == record):
                path.unlink()
        except OSError as error:
            raise OutputError(f"{directory} cannot be written: {error.strerror}") from error
    else:
        _check_ours(directory, settings)
    if not record.is_file():
        write_whole(record, json_text(settings, indent=1).encode())
    return FlowFiles(str(directory))


def _flow_files(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if _OURS.fullmatch(path.name)]
    except OSError as error:
        raise OutputError(f"{directory} cannot be read: {error.strerror}") from error


def _check_ours(directory: Path, settings: dict[str, Any]) -> None:
    record, found = directory / SETTINGS, _flow_files(directory)
    if record in found:
        _check_same(record, settings)
    elif found:
        raise OutputError(
            f"{directory} holds flow files that are not known to be of this clip, such as "
            f"{min(found).name}; give another folder, or --overwrite to replace them"
        )


def _check_same(record: Path, settings: dict[str, Any]) -> None:
    try:
        stored = parse_json(read_plain(record))
        changes = differences(stored, settings) if isinstance(stored, dict) else [f"{record.name} is damaged"]
    except (OSError, ValueError):
        changes = [f"{record.name} is damaged"]
    if changes:
        raise JobMismatch(
            f"{record.parent} holds flow of other settings: {', '.join(changes)}; give another folder, or "
            "--overwrite to replace it"
        )


@dataclass(frozen=True)
class _Export:
    """One run over the frames [start, stop) of a clip, at size (height, width)."""

    clip: Clip
    options: FlowOptions
    start: int
    stop: int | None
    size: tuple[int, int]
    flow: EstimatedFlow
    files: FlowFiles
    directory: Path

    def run(self, hooks: Hooks, total: int | None) -> None:
        cuts = cut_places(self.options.cut, self.clip)
        frames = (resized(frame, self.size) for frame in self.clip.frames(self.start, self.stop))
        # All frames of the shot that a later one may be paired with.
        window: deque[Frame] = deque(maxlen=min(max(self.options.distance), sys.maxsize))
        shot, pace = 0, Pace("flow", total)
        with self._open_preview(hooks) as writer:
            preview = None if writer is None else _Preview(writer, self.files, min(self.options.distance))
            for frame, cut in detect_cuts(frames, self.options.cuts, cuts):
                if cut and window:
                    hooks.tell(f"a cut at frame {self.clip.number(frame.index)}: no flow across it")
                    window.clear()
                    shot += 1
                for earlier in window:
                    if frame.index - earlier.index in self.options.distance:
                        self._pair(earlier, frame)
                if preview is not None:
                    preview.show(frame, starts_shot=not window)
                window.append(frame)
                hooks.report(pace.finished(frame.index, shot))

    def _pair(self, earlier: Frame, later: Frame) -> None:
        """Write what is not there yet of the flow between two frames."""
        ways = (earlier, later), (later, earlier)
        if all(path.is_file() for way in ways for path in self._paths(*way)):
            return
        vectors = [self._vectors(*way) for way in ways]
        for way, forward, backward in zip(ways, vectors, vectors[::-1], strict=True):
            _, mask, *pictures = self._paths(*way)
            if not mask.is_file():
                write_pgm(mask, reliability_8bit(forward, backward, HALF_A_PIXEL))
            for picture in pictures:
                write_picture(picture, colours(forward, radius_for(forward)))

    def _vectors(self, target: Frame, source: Frame) -> np.ndarray:
        path, *_ = self._paths(target, source)
        if path.is_file():
            return self.files.vectors(target.index, source.index, self.size)
        vectors = self.flow.vectors(target, source)
        write_flo(path, vectors)
        return vectors

    def _paths(self, target: Frame, source: Frame) -> list[Path]:
        """The flow, its mask and, if there is to be one, its picture."""
        flow, mask = (name(target.index, source.index) for name in (self.files.flow, self.files.mask))
        return [flow, mask, *([flow.with_suffix(".png")] if self.options.pictures else [])]

    def _open_preview(self, hooks: Hooks) -> Writer | nullcontext[None]:
        if not self.options.video:
            return nullcontext()
        height, width = self.size
        return open_writer(
            self.directory / PREVIEW,
            self.clip,
            width=3 * width,
            height=height,
            start=self.start,
            stop=self.stop,
            overwrite=True,
            notice=hooks.tell,
        )


class _Preview:
    """A clip of three columns: the input, its flow to an earlier frame in colours, and where that holds."""

    def __init__(self, writer: Writer, files: FlowFiles, distance: int) -> None:
        self._writer, self._files, self._distance = writer, files, distance
        self._radius = 0.0

    def show(self, frame: Frame, starts_shot: bool) -> None:
        """Write the next frame. Where there is no flow, that column is white and the mask black."""
        size, before = (frame.height, frame.width), frame.index - self._distance
        if starts_shot:
            self._radius = 0.0
        flow, mask = np.full((3, *size), 255, np.uint8), np.zeros((3, *size), np.uint8)
        weight = self._files.weight(frame.index, before, size) if before >= 0 else None
        if weight is not None and not starts_shot:
            vectors = self._files.vectors(frame.index, before, size)
            # It only grows, so that colours do not flicker.
            self._radius = max(self._radius, radius_for(vectors))
            flow, mask = (
                colours(vectors, self._radius),
                np.broadcast_to((255 * weight).astype(np.uint8), mask.shape),
            )
        columns = np.concatenate([reduce_to_uint8(frame.pixels), flow, mask], axis=2)
        self._writer.write(replace(frame, pixels=columns, alpha=None))
