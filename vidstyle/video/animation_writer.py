"""Writing a clip as an animated picture: GIF, APNG or WebP, with its times, loop and transparency."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

from ..atomic import clear_leftovers, put_in_place, temporary_beside
from ..errors import UsageError
from ..events import Notice
from ..types import Frame
from .apng import write_apng
from .clip import Clip
from .depth import to_depth
from .gif import write_gif
from .sequences import DEFAULT_RATE
from .spool import Spool
from .webp import write_webp
from .write_errors import named_write_errors

_WRITERS = {".gif": write_gif, ".apng": write_apng, ".webp": write_webp}
# The seconds that a format counts in; APNG has a fraction for every frame.
_UNITS = {".gif": Fraction(1, 100), ".webp": Fraction(1, 1000)}
_HEAD = 2**16  # bytes, among which a file says how often it is played


class AnimationWriter:
    """Gathers frames in a hidden file beside the output, and writes it once all of them are known.

    The first frame becomes time 0. bit_depth: 8, or 16 for APNG.
    """

    def __init__(
        self, path: Path, clip: Clip, size: tuple[int, int], bit_depth: int | None, notice: Notice
    ) -> None:
        self._path, self._size, self._depth, self._notice = path, size, bit_depth or 8, notice
        self._suffix = path.suffix.lower()
        self._unit, self._plays = _UNITS.get(self._suffix), loop_count(clip.path)
        self._usual = 1 / (clip.frame_rate or DEFAULT_RATE)  # seconds, of a frame that does not say
        self._held: tuple[Fraction, Frame] | None = None
        self._origin: Fraction | None = None
        self._told: set[str] = set()
        clear_leftovers([path])
        for stream in clip.streams:
            notice(f"{stream} is left out: {self._suffix} holds nothing but pictures")
        with named_write_errors(self._path):
            self._spool = Spool(temporary_beside(path))
        self._temporary = temporary_beside(path)

    def write(self, frame: Frame) -> None:
        """Keep the next frame; its pts must be greater than that of the one before."""
        if (frame.width, frame.height) != self._size:
            raise ValueError(f"the writer takes {self._size[0]}x{self._size[1]} pixels, not {frame!r}")
        if self._origin is None:
            self._origin = frame.pts_seconds
        self._hold(frame.pts_seconds - self._origin, frame)

    def _hold(self, seconds: Fraction, frame: Frame | None) -> None:
        """Spool the frame before, which ends now."""
        time = seconds
        if self._unit is not None:
            earliest = Fraction(0) if self._held is None else self._held[0] + self._unit
            time = max(earliest, round(seconds / self._unit) * self._unit)
        if self._held is not None:
            before = self._held[1]
            alpha = None if before.alpha is None else to_depth(before.alpha, self._depth)
            with named_write_errors(self._path):
                self._spool.append(time - self._held[0], to_depth(before.pixels, self._depth), alpha)
            self._tell_of_hundredths(time - self._held[0], exact=time == seconds)
        self._held = None if frame is None else (time, frame)

    def _tell_of_hundredths(self, delay: Fraction, exact: bool) -> None:
        if self._suffix != ".gif":
            return
        if not exact:
            self._tell("GIF counts time in hundredths of a second: the times of frames are rounded to them")
        if delay < 2 * _UNITS[".gif"]:
            self._tell("browsers show frames of less than 2 hundredths for longer, but not those of .webp")

    def _tell(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._notice(f"{self._path.name}: {line}")

    @property
    def files(self) -> list[Path]:
        return [self._path]

    def commit(self) -> None:
        """Write the file and give it its name."""
        if self._held is None or self._origin is None:
            raise UsageError(f"{self._path}: there is no frame to write")
        last = self._held[1]
        shown = last.duration * last.time_base if last.duration else self._usual
        self._hold(last.pts_seconds - self._origin + shown, None)
        with named_write_errors(self._path):
            _WRITERS[self._suffix](self._temporary, self._spool, self._plays)
            put_in_place(self._temporary, self._path)

    def discard(self) -> None:
        """Remove every trace of the output."""
        self._spool.remove()
        self._temporary.unlink(missing_ok=True)


def loop_count(path: Path) -> int:
    """How often an animated picture says that it is to be played; 0, for ever, for any other file too."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:  # what is made from no clip
        return 0
    if head.startswith(b"GIF8"):
        at = head.find(b"NETSCAPE2.0\x03\x01")
        repeats = 0 if at < 0 else _number("<H", head, at + 13)
        return 1 if at < 0 else repeats + 1 if repeats else 0
    if head.startswith(b"\x89PNG") and (at := head.find(b"acTL")) > 0:
        return _number(">I", head, at + 8)
    if head[8:12] == b"WEBP" and (at := head.find(b"ANIM")) > 0:
        return _number("<H", head, at + 12)
    return 0


def _number(layout: str, data: bytes, at: int) -> int:
    piece = data[at : at + struct.calcsize(layout)]
    return int(struct.unpack(layout, piece)[0]) if len(piece) == struct.calcsize(layout) else 0
