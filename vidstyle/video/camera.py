"""Cameras as clips: opened by PyAV, as each system calls them."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.container import InputContainer

from ..errors import MediaError
from ..types import Frame
from .clip import Clip
from .colour import SRGB_PICTURE, ToRGB, frame_color
from .container import reason_of
from .limits import check_size

_NUMBERED = re.compile(r"(?:camera(?::(.+))?|(\d+))")  # camera, camera:1, camera:NAME, 1
_RATE = Fraction(30)
_TICKS = 1000  # a second
_POLL = 0.005  # seconds


class _System(NamedTuple):
    """format: of FFmpeg. device: of a number or a name. options: without which it opens none."""

    format: str
    device: str
    options: dict[str, str]


_SYSTEMS = {
    "darwin": _System("avfoundation", "{}:none", {"framerate": "30"}),
    "win32": _System("dshow", "video={}", {}),
}
_OTHERS = _System("v4l2", "/dev/video{}", {})


def camera_named(source: str) -> str | None:
    """The device that a word such as camera:1, 1 or /dev/video1 means; None for one that names a file."""
    if Path(source).is_char_device():
        return source
    found = None if Path(source).exists() else _NUMBERED.fullmatch(source)
    if found is None:
        return source if source.startswith("/dev/video") else None
    name = found[1] or found[2] or "0"
    system = _SYSTEMS.get(sys.platform, _OTHERS)
    if system.format == "dshow" and name.isdecimal():  # it knows them by their names alone
        names = _there(system)
        name = names[int(name)] if int(name) < len(names) else name
    return name if Path(name).is_absolute() else system.device.format(name)


class Camera(Clip):
    """What a camera shows. Its frames can be read once, as they come.

    Times are those at which frames came, in milliseconds from the first. Raises MediaError where there is
    no such camera, or it shows nothing.
    """

    def __init__(self, device: str) -> None:
        self._container = _open(device, _SYSTEMS.get(sys.platform, _OTHERS))
        stream = self._container.streams.video[0]
        size = stream.codec_context.width, stream.codec_context.height
        check_size(*size, Path(device))
        super().__init__(
            path=Path(device),
            kind="video",
            width=size[0],
            height=size[1],
            bit_depth=8,
            frame_rate=stream.average_rate or _RATE,
            time_base=Fraction(1, _TICKS),
            frame_count=None,
            frame_count_exact=False,
            duration_seconds=None,
            has_alpha=False,
            color=SRGB_PICTURE,
        )

    def resize(self, width: int, height: int) -> None:
        """Let frames come of this size: scaled as they are converted to RGB."""
        self.width, self.height = width, height

    def frames(self, start: int = 0, stop: int | None = None) -> Generator[Frame, None, None]:
        convert = ToRGB(self.width, self.height, deep=False)
        context = self._container.streams.video[0].codec_context
        began, last = None, -1
        try:
            for index, frame in enumerate(self._decoded()):
                now = time.monotonic()
                began = now if began is None else began
                last = max(last + 1, round((now - began) * _TICKS))
                yield Frame(convert(frame, frame_color(frame, context)), index, last, self.time_base)
        except av.FFmpegError as error:
            gone = f"the camera {self.path} has gone ({reason_of(error)})"
            if last < 0:
                raise MediaError(gone) from error
            self.notice(f"{gone}; what it had shown is kept")
        finally:
            self._container.close()

    def _decoded(self) -> Iterator[av.VideoFrame]:
        """Frames that are whole: the first ones of a camera that sends JPEGs often are not."""
        while True:
            try:
                for packet in self._container.demux(video=0):
                    with suppress(av.InvalidDataError):
                        yield from packet.decode()
                return
            except av.BlockingIOError:  # none has come yet, some systems say
                time.sleep(_POLL)

    def digest(self) -> str:
        """Of its name: what it shows is never the same."""
        return str(self.path)


def _open(device: str, system: _System) -> InputContainer:
    try:
        container = av.open(device, format=system.format, options=system.options)
    except (av.FFmpegError, ValueError, OSError) as error:
        reason = reason_of(error) if isinstance(error, av.FFmpegError) else str(error)
        there = _there(system)
        others = f"there are {', '.join(there)}" if there else "none is there"
        raise MediaError(
            f"no camera can be opened as {device} ({reason}); {others}; a file will do"
        ) from error
    if not container.streams.video:
        container.close()
        raise MediaError(f"{device} shows no picture; name another camera, or a file")
    return container


def _there(system: _System) -> list[str]:
    """The names of the cameras that the system knows."""
    try:
        found = av.enumerate_input_devices(system.format)
    except (av.FFmpegError, ValueError, OSError):
        return []
    return [each.name for each in found if not each.media_types or "video" in each.media_types]
