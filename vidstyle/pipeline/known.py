"""What looking through a clip has found: where its shots are, and how frames are mixed.

By it a shot can be painted by itself, as a run that goes through the whole clip would paint it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Any

from vidstyle.types import Shot
from vidstyle.video.fades import Fade


@dataclass(frozen=True)
class Known:
    """shots: all that are to be painted, in order, each with its end.

    fades: by the frames that have one. dissolves: likewise, the share of the frame and the index of the other
    one; see `vidstyle.video.dissolves`.
    """

    shots: Sequence[Shot]
    fades: Mapping[int, Fade]
    dissolves: Mapping[int, tuple[float, int]]

    def within(self, start: int, stop: int | None) -> list[Shot]:
        """The shots of frames [start, stop)."""
        return [shot for shot in self.shots if shot.start >= start and (stop is None or _end(shot) <= stop)]

    def shown(self, shot: Shot) -> int:
        """How many frames of a shot show anything, and are to be painted: not those that are faded away."""
        return sum(not self._is_blank(index) for index in range(shot.start, _end(shot)))

    @property
    def first_shown(self) -> int:
        """The first frame that shows anything; where none does, one past the last."""
        return next(i for i in count(self.shots[0].start) if not self._is_blank(i))

    def _is_blank(self, index: int) -> bool:
        return index in self.fades and self.fades[index].blank

    def to_json(self) -> dict[str, Any]:
        """As JSON values; numbers are exact."""
        return {
            "shots": [[shot.start, shot.stop] for shot in self.shots],
            "fades": {str(index): [fade.share, fade.colour] for index, fade in self.fades.items()},
            "dissolves": {str(index): list(mixed) for index, mixed in self.dissolves.items()},
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Known:
        """As `to_json` made it. Raises AttributeError, KeyError, TypeError or ValueError for all else."""
        shots = [Shot(index, start, stop) for index, (start, stop) in enumerate(found["shots"])]
        before = [(shot.stop, after.start) for shot, after in pairwise(shots)]
        if not shots or any(stop != start for stop, start in before):
            raise ValueError("the shots do not follow each other")
        fades = {int(i): Fade(float(share), float(colour)) for i, (share, colour) in found["fades"].items()}
        dissolves = {int(i): (float(share), int(other)) for i, (share, other) in found["dissolves"].items()}
        return cls(shots, fades, dissolves)


def _end(shot: Shot) -> int:
    assert shot.stop is not None
    return shot.stop
