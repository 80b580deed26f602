"""Damage that a reader of frames meets: left out with a notice, or the end of the run."""

from __future__ import annotations

from fractions import Fraction

from ..errors import MediaError


class Damage:
    """What becomes of damage that a reader of frames meets: a notice of the first, or the end of it all."""

    def __init__(self, name: str, notices: list[str], stops: bool) -> None:
        self._name, self._notices, self.stops = name, notices, stops
        self._met = False
        self._last: Fraction | None = None

    def whole(self, seconds: Fraction | None) -> None:
        """A frame that is shown at this time is whole."""
        self._last = seconds

    def frame(self) -> None:
        """A frame is left out. Raises MediaError where that is not wanted."""
        # Decoders that work on several frames at a time do not say which it was.
        where = "" if self._last is None else f" after {clock(self._last)}"
        if self.stops:
            raise MediaError(f"{self._name} is damaged{where}; --damaged skip leaves such frames out")
        if not self._met:
            self._note(
                f"{self._name} is damaged{where}: damaged frames are left out, those before shown longer"
            )
        self._met = True

    def end(self, reason: str) -> None:
        """There is nothing to be read from here on. Raises MediaError where that is not wanted."""
        if self.stops:
            raise MediaError(
                f"{self._name} breaks off ({reason}); --damaged skip uses the frames up to there"
            )
        self._note(f"{self._name} breaks off ({reason}); the frames up to there are used")

    def _note(self, line: str) -> None:
        if line not in self._notices:
            self._notices.append(line)


def clock(seconds: Fraction) -> str:
    """A time as messages show it: 1.24 s"""
    return f"{float(seconds):.2f} s"
