"""Which key frames a frame is painted after."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping

from vidstyle.events import Notice, say_nothing
from vidstyle.methods.base import Basis
from vidstyle.methods.keys.files import KeyFile, digest_of
from vidstyle.types import Shot


class Sides:
    """Of a clip with these key frames, by their frames. nearest: whether shots without one are painted."""

    def __init__(self, files: Mapping[int, KeyFile], nearest: bool) -> None:
        self.files, self.nearest = files, nearest
        self.frames = sorted(files)

    def before(self, index: int, shot: Shot) -> int | None:
        """The last key frame of the shot up to a frame."""
        place = bisect_right(self.frames, index) - 1
        return self.frames[place] if place >= 0 and self.frames[place] >= shot.start else None

    def after(self, index: int, shot: Shot) -> int | None:
        """The first key frame of the shot from a frame on, as far as is known where the shot ends."""
        place = bisect_left(self.frames, index)
        found = self.frames[place] if place < len(self.frames) else None
        return None if found is None or (shot.stop is not None and found >= shot.stop) else found

    def side(self, index: int, shot: Shot, number: int) -> int | None:
        """The key frame on the side that pass `number` comes from."""
        return self.before(index, shot) if number == 1 else self.after(index, shot)

    def missing(self, shot: Shot, number: int) -> bool:
        """Whether it is known in pass `number` that the shot has no key frame."""
        return self.after(shot.start, shot) is None

    def basis(self, index: int, shot: Shot, number: int) -> Basis:
        """What a frame is painted from in a pass."""
        if index in self.files:
            return Basis(digest_of([self.files[index]]), follows=False, whole=True)
        before, after = self.before(index, shot), self.after(index, shot)
        if self.missing(shot, number):
            digest = digest_of(list(self.files.values())) if self.nearest else "left"
            # What is known in the first pass already is painted there.
            first = number == 1 or self.after(shot.start, Shot(shot.index, shot.start)) is not None
            return Basis(digest, follows=self.nearest and first)
        if number == 1:
            return Basis(self._digest(before), follows=before is not None)
        return Basis(self._digest(before, after), follows=after is not None)

    def learnt_basis(self, index: int, shot: Shot, number: int) -> Basis:
        """The same where a network paints, which has learnt from all key frames."""
        if self.missing(shot, number) and not self.nearest:
            return Basis("left", follows=False)
        own = [self.files[index]] if index in self.files else []
        # What is carried on is of the network, in key frames, too.
        return Basis(digest_of([*own, *self.files.values()]), whole=bool(own))

    def _digest(self, *frames: int | None) -> str:
        """Of the key frames before and behind, in this order."""
        return " ".join("none" if each is None else digest_of([self.files[each]]) for each in frames)


class Missing:
    """What becomes of shots without a key frame; tells of each, once."""

    def __init__(self, sides: Sides, notice: Notice = say_nothing) -> None:
        self._sides, self._notice = sides, notice
        self._told: set[int] = set()

    def takes_nearest(self, index: int | None, shot: Shot, number: int) -> bool:
        """Whether a frame is of one, and is painted; None is a frame of which nothing is known."""
        return index is None or (self._is_one(shot, number) and self._sides.nearest)

    def stays(self, shot: Shot, number: int) -> bool:
        """Whether the frames of a shot stay as they were filmed."""
        return self._is_one(shot, number) and not self._sides.nearest

    def _is_one(self, shot: Shot, number: int) -> bool:
        if not self._sides.missing(shot, number):
            return False
        if shot.start not in self._told:
            self._told.add(shot.start)
            what = (
                "it takes the most similar one"
                if self._sides.nearest
                else "it stays as it was filmed (--missing nearest takes the most similar key frame)"
            )
            self._notice(f"no key frame is of the shot that begins at frame {shot.start}: {what}")
        return True
