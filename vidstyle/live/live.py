"""From a camera or a file, painted, into a window and into a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from vidstyle.device import pick_device, pick_dtype
from vidstyle.errors import UsageError
from vidstyle.events import Hooks, Pace
from vidstyle.live.pace import Clock, Every, Newest, Paced, Rate
from vidstyle.live.source import Source, open_source
from vidstyle.live.stream import Stream
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import look_named, read_look
from vidstyle.looks.shipped import BASE, SHIPPED
from vidstyle.options.base import files_read
from vidstyle.options.live import LiveOptions
from vidstyle.pipeline.prefetch import prefetch
from vidstyle.types import Frame
from vidstyle.video.camera import Camera
from vidstyle.video.formats import CODECS, CONTAINERS, check_output, check_spared
from vidstyle.video.sequences import DEFAULT_RATE
from vidstyle.video.window import CLOSED, ScreenWindow, Window, lettered
from vidstyle.video.writer import Writer, open_writer

_STEPS = {"n": 1, "p": -1}  # by keys: to the next look, and to the one before
_QUICK = {"h264": "veryfast", "vp9": "8"}  # presets
_END = 2**31  # frames; given as the end, sound ends where the picture does


def live(
    source: str,
    output: Path | None = None,
    *,
    options: LiveOptions | None = None,
    hooks: Hooks | None = None,
    window: Window | None = None,
    clock: Clock | None = None,
) -> Path | None:
    """Paint a camera or a file as it comes; returns the file that was written, if any.

    Where it is shown, or comes from a camera, frames are dropped that come while others are painted; a file
    that is not shown is painted frame by frame, as fast as possible. It ends with the file, with a key of the
    window, or where `hooks.stop` is set: what was written by then is whole.
    window, clock: in place of the screen's and the system's. Raises VidstyleError.
    """
    options, hooks, clock = options or LiveOptions(), hooks or Hooks(), clock or Clock()
    if output is None and not options.window:
        raise UsageError("with --no-window nothing is shown: give a file to paint into, -o FILE")
    looks = _looks(options)
    opened = open_source(source, options.size)
    clip = opened.clip
    if output is not None:
        check_spared(output, [*files_read(options), clip.path], options.overwrite)
        check_output(output, clip, _codec(output), overwrite=options.overwrite)
    with ExitStack() as stack:
        screen = stack.enter_context(closing(window or ScreenWindow())) if options.window else None
        writer = None if output is None else stack.enter_context(_writer(output, opened, options, hooks))
        _Show(opened, looks, screen, writer, hooks, clock).run()
    return output


class _Show:
    """What goes on while it is painted."""

    def __init__(
        self,
        source: Source,
        looks: list[tuple[str, Brush]],
        window: Window | None,
        writer: Writer | None,
        hooks: Hooks,
        clock: Clock,
    ) -> None:
        clip = source.clip
        self._source, self._hooks = source, hooks
        self._window, self._writer = window, writer
        self._looks, self._at = looks, 0
        self._taken: deque[Frame] = deque()
        self._rate = Rate(clock)
        self._frames: Every | Newest | Paced
        if isinstance(clip, Camera):
            self._frames = Newest(clip.frames())
        elif window is None:
            self._frames = Every(prefetch(clip.frames()))
        else:
            usual = 1 / (clip.frame_rate or DEFAULT_RATE)
            self._frames = Paced(prefetch(clip.frames()), usual, clock)

    def run(self) -> None:
        """To the end of the frames, or until it is to end."""
        clip = self._source.clip
        pace = Pace("paint", clip.frame_count)
        with (
            Stream(self._looks[0][1]) as stream,
            closing(self._pixels()) as pixels,
            closing(stream.painted(pixels)) as painted,
            closing(prefetch(painted, 1)) as pictures,
        ):
            for picture in pictures:
                frame = self._taken.popleft()
                if self._writer is not None:
                    self._writer.write(replace(frame, pixels=picture.transpose(2, 0, 1), alpha=None))
                if self._hooks.progress is not None:
                    self._hooks.progress(pace.finished(frame.index, 0))
                if self._is_over(stream, picture):
                    break
        for line in clip.notices:
            self._hooks.tell(line)

    def _pixels(self) -> Generator[np.ndarray, None, None]:
        """Of the frames to be painted, which are kept for what else they tell."""
        for frame in self._frames:
            self._taken.append(frame)
            yield self._source.pixels_of(frame)

    def _is_over(self, stream: Stream, picture: np.ndarray) -> bool:
        """Show a picture and do as the user says."""
        if self._window is not None:
            told = f"{self._looks[self._at][0]}: {self._rate.shown():.1f} frames/s"
            if self._frames.dropped:
                told += f", {self._frames.dropped} dropped"
            key = self._window.show(lettered(picture, told))
            if key == CLOSED:
                return True
            if key in _STEPS:
                self._at = (self._at + _STEPS[key]) % len(self._looks)
                stream.brush = self._looks[self._at][1]
        return self._hooks.stop is not None and self._hooks.stop.is_set()


def _looks(options: LiveOptions) -> list[tuple[str, Brush]]:
    """Names of looks, and what paints with them."""
    names = options.look or tuple(name for name in SHIPPED if name != BASE)
    if not names:
        raise UsageError("give a look to paint with: --look LOOK, a file made by vidstyle learn")
    device = pick_device(options.device)
    dtype = pick_dtype(options.precision, device)
    paths = [look_named(name) for name in names]
    return [(path.stem, Brush(read_look(path), device, dtype)) for path in paths]


def _codec(output: Path) -> str:
    """The quickest that the file can hold."""
    container = CONTAINERS.get(output.suffix.lower())
    return next((name for name in _QUICK if container in CODECS[name].containers), "h264")


def _writer(output: Path, source: Source, options: LiveOptions, hooks: Hooks) -> Writer:
    codec = _codec(output)
    return open_writer(
        output,
        source.clip,
        width=source.width,
        height=source.height,
        codec=codec,
        preset=_QUICK[codec],
        stop=_END,
        overwrite=options.overwrite,
        notice=hooks.tell,
    )
