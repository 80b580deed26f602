"""Open an output of any kind for writing: a video, an animation, a picture, a folder or a pattern of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Protocol

import cv2
import numpy as np

from ..atomic import clear_leftovers, temporary_beside
from ..errors import OutputError, UsageError
from ..events import Notice, say_nothing
from ..types import Frame
from .animation_writer import AnimationWriter
from .clip import Clip
from .depth import to_depth
from .encode import VideoWriter
from .formats import CONTAINERS, Codec, OutputKind, check_output, choose_codec
from .numbering import numbered
from .pictures import LIGHT_SUFFIXES, keeps_alpha, write_picture
from .transparency import is_transparent

__all__ = ["Writer", "check_output", "open_writer", "rehearse"]

_LONGEST = {".webp": 16_383, ".jpg": 65_500, ".jpeg": 65_500, ".gif": 65_535}  # pixels a side


class _Sink(Protocol):
    def write(self, frame: Frame) -> None: ...
    def commit(self) -> None: ...
    @property
    def files(self) -> list[Path]: ...
    def discard(self) -> None: ...


class Writer:
    """Takes frames in order; the output appears when the `with` block ends without an error."""

    def __init__(self, sink: _Sink) -> None:
        self._sink = sink

    def write(self, frame: Frame) -> None:
        """Write the next frame; raises OutputError, for a full disk say."""
        self._sink.write(frame)

    @property
    def files(self) -> list[Path]:
        """What the result consists of: one file, or the pictures written so far."""
        return self._sink.files

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._sink.commit()
        finally:
            self._sink.discard()


def open_writer(
    path: Path | str,
    clip: Clip,
    *,
    width: int,
    height: int,
    codec: str = "h264",
    crf: int | None = None,
    preset: str | None = None,
    bit_depth: int | None = None,
    start: int = 0,
    stop: int | None = None,
    overwrite: bool = False,
    notice: Notice,
) -> Writer:
    """A writer, used as a context manager, of frames of `width` x `height` pixels made from those of `clip`.

    path: a video (.mp4 .m4v .mov .mkv .webm), an animation (.gif .apng .webp), a picture, a folder (no
        suffix) or a pattern (`out/%04d.png`), which numbers pictures as those of the clip, or by the index of
        their frame.
    codec, crf, preset: for videos; see `formats.CODECS`. crf 0 is best.
    bit_depth: 8, 10 or 16 where the codec or the picture format has it; None is the codec's usual depth,
        and for pictures the depth of the frames.
    start, stop: the frames are [start, stop) of the clip; if that is not all, the result begins at time 0
        and sound, subtitles and chapters are cut to match. Otherwise times are those of the source, exactly.
    notice: called with one line for each thing that could not be carried over as it is.

    What a run that was killed while it wrote this output has left beside it is removed.
    Raises what `check_output` raises.
    """
    path = Path(path)
    kind = check_output(
        path,
        clip,
        codec,
        crf=crf,
        preset=preset,
        bit_depth=bit_depth,
        start=start,
        stop=stop,
        overwrite=overwrite,
    )
    if kind == "animation":
        return Writer(AnimationWriter(path, clip, (width, height), bit_depth, notice))
    if kind != "video":
        return Writer(PictureWriter(path, clip, kind, bit_depth, overwrite, notice))
    clear_leftovers([path])
    span = (start, stop) if start > 0 or stop is not None else None
    chosen, options = _encoder(path, codec, crf, preset)
    return Writer(VideoWriter(path, clip, chosen, options, (width, height), bit_depth, span, notice))


def rehearse(
    path: Path,
    clip: Clip,
    *,
    width: int,
    height: int,
    codec: str = "h264",
    crf: int | None = None,
    bit_depth: int | None = None,
) -> None:
    """Try whether `open_writer` could write this: encoders of every stream of a video, container and all.

    Nothing is left of it. Raises OutputError.
    """
    suffix = path.suffix.lower()
    if suffix not in CONTAINERS:
        most = _LONGEST.get(suffix)
        if most and max(width, height) > most:
            raise OutputError(
                f"{path} cannot be {width}x{height}: {suffix} has no more than {most} pixels a side; give a "
                "smaller --size, or a .png"
            )
        return
    blank = np.zeros((3, height, width), np.uint8)
    alpha = np.zeros_like(blank[:1]) if clip.has_alpha else None
    first = Frame(blank, 0, 0, clip.time_base, alpha=alpha)
    chosen, options = _encoder(path, codec, crf, None)
    try:
        writer = VideoWriter(path, clip, chosen, options, (width, height), bit_depth, None, say_nothing)
        try:
            writer.rehearse(first)
        finally:
            writer.discard()
    except OutputError as error:
        raise OutputError(
            f"{error}, as a trial at {width}x{height} shows; try another --codec or --size, or a .mkv file"
        ) from error


def _encoder(path: Path, codec: str, crf: int | None, preset: str | None) -> tuple[Codec, dict[str, str]]:
    """The codec and what it is asked for."""
    chosen = choose_codec(path, codec)
    options = {}
    if chosen.crf:
        options["crf"] = str(chosen.crf[0] if crf is None else crf)
    if chosen.presets:
        options[chosen.preset_option] = preset or chosen.presets[0]
    return chosen, options


class PictureWriter:
    """One picture, or one per frame, gathered in a hidden folder beside the output until all are there."""

    def __init__(
        self,
        path: Path,
        clip: Clip,
        kind: OutputKind,
        bit_depth: int | None,
        overwrite: bool,
        notice: Notice,
    ) -> None:
        self._path, self._kind, self._depth, self._overwrite = path, kind, bit_depth, overwrite
        self._notice, self._clip = notice, clip
        if path.suffix.lower() in LIGHT_SUFFIXES and clip.color.is_hdr:
            notice(f"{clip.path.name} is HDR; its values are written as if they were sRGB, and are no light")
        self._pattern = path.name if kind == "pattern" else "%06d.png" if kind == "folder" else path.name
        self._written: list[Path] = []
        # A pattern's own folder may not exist yet.
        beside = path.parent if kind == "pattern" and not path.parent.exists() else path
        clear_leftovers([path, path.parent] if kind == "pattern" else [path])
        self._temporary = temporary_beside(beside)
        try:
            self._temporary.mkdir()
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}") from error

    def write(self, frame: Frame) -> None:
        """Write the frame under its number."""
        if self._kind == "picture" and self._written:
            raise UsageError(f"{self._path} is one picture but there are more frames")
        name = (
            self._pattern
            if self._kind == "picture"
            else numbered(self._pattern, self._clip.number(frame.index))
        )
        pixels, alpha = frame.pixels, frame.alpha
        if self._depth is not None:
            pixels = to_depth(pixels, self._depth)
        if alpha is not None:
            alpha = to_depth(alpha, 8 * pixels.itemsize)
            if is_transparent(alpha) and not keeps_alpha(Path(name)):
                self._notice(f"{Path(name).suffix} has no transparency: it is left out")
        excess = self._excess(frame) if Path(name).suffix.lower() in LIGHT_SUFFIXES else None
        write_picture(self._temporary / name, pixels, alpha, excess)
        self._written.append(self._temporary / name)

    def _excess(self, frame: Frame) -> np.ndarray | None:
        """By how much the frame's source is brighter than white, at the size of the frame."""
        found = self._clip.excess(frame.index)
        if found is None or found.shape == frame.pixels.shape:
            return found
        size = (frame.width, frame.height)
        return np.stack([cv2.resize(channel, size, interpolation=cv2.INTER_AREA) for channel in found])

    @property
    def files(self) -> list[Path]:
        folder = self._path if self._kind == "folder" else self._path.parent
        return [folder / file.name for file in self._written]

    def commit(self) -> None:
        """Give everything its name."""
        if not self._written:
            raise UsageError(f"{self._path}: there is no frame to write")
        try:
            if self._kind == "folder" and not self._path.exists():
                self._temporary.rename(self._path)
                return
            for file, final in zip(self._written, self.files, strict=True):
                final.parent.mkdir(exist_ok=True)
                file.replace(final)
        except OSError as error:
            raise OutputError(f"{self._path} cannot be written: {error.strerror}") from error

    def discard(self) -> None:
        """Remove what has not got its name."""
        shutil.rmtree(self._temporary, ignore_errors=True)
