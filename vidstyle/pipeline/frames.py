"""Which frames of a clip a run takes, and at which size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vidstyle.errors import InputError, UsageError
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.image.resize import fit, resize
from vidstyle.types import Frame
from vidstyle.video.clip import Clip

_LONGEST = 16384


def frame_range(text: str | None, clip: Clip) -> tuple[int, int | None]:
    """The first frame and the one after the last (None: all) that --frames asks for, by its numbers.

    Raises UsageError for what is no range, InputError for one that begins after the clip's end.
    """
    if text is None:
        return 0, None
    first = min([0, *clip.numbers[:1]])
    begin, colon, end = text.partition(":")
    try:
        start, stop = int(begin or first), int(end) if end else None
    except ValueError:
        colon = ""
    if not colon or start < first or (stop is not None and stop <= start):
        raise UsageError(f"--frames takes A:B with A below B, such as 100:200, :50 or 100:, not {text!r}")
    if clip.numbers:
        return _by_numbers(text, clip, start, stop)
    if clip.frame_count_exact and clip.frame_count is not None and start >= clip.frame_count:
        raise InputError(f"{clip.path} has {clip.frame_count} frames; --frames {text} begins after its end")
    return start, stop


def _by_numbers(text: str, clip: Clip, start: int, stop: int | None) -> tuple[int, int | None]:
    """The places of the frames numbered [start, stop)."""
    begin, end = clip.position(start), None if stop is None else clip.position(stop)
    if begin == len(clip.numbers) or begin == end:
        first, last = clip.numbers[0], clip.numbers[-1]
        raise InputError(f"{clip.path} has frames {first} to {last}; there are none of --frames {text}")
    tell_numbers(clip, "--frames")
    return begin, end


def tell_numbers(clip: Clip, option: str) -> None:
    """Note that an option is meant by the numbers of the clip's pictures, where they do not count from 0."""
    if clip.numbers and (clip.numbers[0] < 0 or clip.numbers[-1] >= len(clip.numbers)):
        clip.notice(
            f"{clip.path} is numbered {clip.numbers[0]} to {clip.numbers[-1]}: {option} means these numbers"
        )


def cut_places(cuts: Sequence[int], clip: Clip) -> tuple[int, ...]:
    """The places of the frames that --cut names by their numbers, ascending."""
    if cuts:
        tell_numbers(clip, "--cut")
    return tuple(sorted(clip.position(cut) for cut in cuts))


def frame_total(clip: Clip, start: int, stop: int | None) -> int | None:
    """How many frames [start, stop) of a clip are, an estimate for most videos; None if it does not say."""
    end = clip.frame_count
    if stop is not None:
        end = stop if end is None else min(end, stop)
    return None if end is None else max(1, end - start)


def result_size(clip: Clip, longest: int | None) -> tuple[int, int]:
    """(width, height) of the result; `longest` is what --size says, None for the clip's own.

    Raises UsageError for a size that no machine could paint.
    """
    if longest is not None:
        check_longest(longest)
    return fit(clip.width, clip.height, longest)


def check_longest(longest: int) -> None:
    """Raise UsageError for a longer side, in pixels, that no machine could work at."""
    if longest > _LONGEST:
        raise UsageError(f"--size {longest} is too large; the longest side may be {_LONGEST} pixels")


def resized(frame: Frame, size: tuple[int, int]) -> Frame:
    """The frame at `size`, (height, width), at no less than its own depth."""
    if (frame.height, frame.width) == size:
        return frame
    alpha = None if frame.alpha is None else to_uint16(resize(to_float(frame.alpha), size))
    return replace(frame, pixels=to_uint16(resize(to_float(frame.pixels), size)), alpha=alpha)
