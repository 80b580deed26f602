"""Video files as clips: PyAV decodes, this file keeps time exact and turns frames upright."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from ..errors import MediaError
from ..types import Frame
from .clip import SEEK_DISTANCE, Clip, file_digest
from .clock import Clock
from .colour import ToRGB, bit_depth, frame_color
from .container import is_picture, limits, open_input, reason_of, stream_info, video_stream
from .damage import Damage, clock
from .hdr import hdr_levels
from .interlace import combs, deinterlaced
from .limits import check_size
from .orientation import orientation
from .side_data import UNKEPT, side_data
from .stated import joined, stated
from .transparency import covered, has_alpha, is_transparent, seeing_alpha, tells_alpha

_MANY_PIXELS = 2**25  # decoding several such frames at a time would take gigabytes
_BECOMES = {  # of interlaced film, by how it is read
    "auto": "every frame is made of its first field, --deinterlace double would make one of each field",
    "double": "a frame is made of each field",
    "off": "its frames are painted with both fields, and what moves looks combed",
}
_LATEST = 10**9  # seconds; a later time is a damaged one


class _Timed(NamedTuple):
    """A decoded frame; own: whether the file itself gives it this time."""

    frame: av.VideoFrame
    pts: int
    duration: int | None
    own: bool


class VideoClip(Clip):
    """A video file. damaged, deinterlace: see `open_clip`."""

    def __init__(self, path: Path, damaged: str = "skip", deinterlace: str = "auto") -> None:
        self._stops = damaged == "stop"
        self._joined: bool | None = None  # not known yet
        with open_input(path) as container:
            stream = video_stream(container, path)
            context = stream.codec_context
            check_size(context.width, context.height, path)
            self.stated = stated(container, stream, path)
            self._rate, count = self.stated.rate, self.stated.count
            notes: list[str] = []
            others = tuple(stream_info(other) for other in container.streams if other is not stream)
            damage = Damage(path.name, notes, self._stops)
            decoded = _decoded(container, stream, self.stated.clock(), damage)
            first = next(decoded, None)
            if first is None:
                raise MediaError(f"{path} holds no frame that can be decoded; it may be damaged or cut short")
            if is_picture(container) and next(decoded, None) is None:
                count = 1
            check_size(first.width, first.height, path)
            self._scaled = _square(first, stream)
            check_size(*self._scaled, path)
            self.stream_index = stream.index
            color = frame_color(first, context)
            self.hdr = hdr_levels(first)
            self._orientation = orientation(first)
            fields = combs(first)
            self._reads_alpha = has_alpha(first)
            may_show_through = tells_alpha(first, context)
        self._deinterlaces = fields and deinterlace != "off"
        self._doubles = fields and deinterlace == "double"
        if self._doubles:
            self._rate *= 2
            count = None if count is None else 2 * count
        depth = bit_depth(first)
        width, height = self._scaled
        if self._orientation.transpose:
            width, height = height, width
        super().__init__(
            path=path,
            kind="video",
            width=width,
            height=height,
            bit_depth=depth,
            frame_rate=self._rate,
            time_base=self.stated.time_base / (2 if self._doubles else 1),
            frame_count=count,
            frame_count_exact=False,
            duration_seconds=self.stated.length,
            has_alpha=may_show_through,
            color=color,
            streams=others,
        )
        if fields:
            self.notice(f"{path.name} is interlaced; {_BECOMES[deinterlace]}")
        if color.is_hdr:
            self.notice(
                f"{path.name} is HDR; its colours are painted as they are encoded, without tone mapping"
            )

    def resize(self, width: int, height: int) -> None:
        """Let frames come of this size, as displayed, from now on: scaled as they are converted to RGB."""
        self.width, self.height = width, height
        self._scaled = (height, width) if self._orientation.transpose else (width, height)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        convert = ToRGB(*self._scaled, deep=self.bit_depth > 8, alpha=self._reads_alpha)
        index = -1
        with closing(self._from(start)) as numbered:
            for index, timed, context in numbered:
                if stop is not None and index >= stop:
                    return  # nothing was asked for
                if timed.own and index > 0 and index % SEEK_DISTANCE == 0:
                    self.seek_points[index] = timed.pts
                if index < start:
                    continue
                try:
                    pixels = self._orientation.apply(convert(timed.frame, frame_color(timed.frame, context)))
                except av.FFmpegError as error:
                    raise MediaError(
                        f"{self.path}: the frame at {clock(timed.pts * self.time_base)} cannot be converted "
                        f"to RGB ({reason_of(error)}); convert the video first"
                    ) from error
                self._note_unkept(timed.frame)
                yield self._frame(pixels, index, timed)
                if index + 1 == stop:  # not only when the next has been read
                    return
            self._check_end(index + 1)

    def _check_end(self, count: int) -> None:
        """Against the number of frames that an animated PNG announces: its end is not missed otherwise."""
        if count < self.stated.announced:
            line = f"{self.path.name} breaks off after {count} of {self.stated.announced} frames"
            if self._stops:
                raise MediaError(f"{line}; --damaged skip uses what is there")
            self.notice(line)

    def _frame(self, pixels: np.ndarray, index: int, timed: _Timed) -> Frame:
        """pixels (3, H, W), or (4, H, W) with alpha."""
        alpha = pixels[3:] if self._reads_alpha else None
        pixels = pixels[:3]
        if alpha is not None and is_transparent(alpha):
            pixels = covered(pixels, alpha)
        elif not self.has_alpha:
            alpha = None
        return Frame(pixels, index, timed.pts, self.time_base, timed.duration, alpha)

    def _from(self, start: int) -> Generator[tuple[int, _Timed, VideoCodecContext]]:
        """Frames with their indices, from the beginning or from a seek point that lies before `start`."""
        known = self._known(start)
        if len(known) > 1:
            # From the last but one: passing the last shows that the frames are counted right.
            begin, last = known[-2:]
            with open_input(self.path) as container:
                stream = video_stream(container, self.path)
                found = enumerate(self._sought(container, stream, self.seek_points[begin]), begin)
                for index, timed in deque(islice(found, last - begin + 1), maxlen=1):
                    if (index, timed.pts) == (last, self.seek_points[last]):
                        yield index, timed, stream.codec_context
                        yield from ((*each, stream.codec_context) for each in found)
                        return
        with open_input(self.path) as container:
            stream = video_stream(container, self.path)
            damage = Damage(self.path.name, self.notices, self._stops)
            for index, timed in enumerate(self._timed(container, stream, damage)):
                yield index, timed, stream.codec_context

    def _known(self, start: int) -> list[int]:
        """The indices of the seek points up to `start`, ascending."""
        known = sorted(index for index in self.seek_points if index <= start)
        if known and self.stated.jumps and self._joined is None:
            self._joined = joined(self.path, self.stated)
        return [] if self._joined else known

    def _sought(self, container: InputContainer, stream: VideoStream, pts: int) -> Iterator[_Timed]:
        """Frames from the one with this pts on; none where it is not found by seeking."""
        notices: list[str] = []  # pictures before the one sought may lack those that they refer to
        try:
            ticks = math.floor((pts * self.time_base + self.stated.begin) / self.stated.time_base)
            container.seek(ticks, stream=stream)
            key = next((packet.pts for packet in container.demux(stream) if packet.pts is not None), ticks)
            # From one key frame further back: what refers over a key frame to frames before it is whole then.
            container.seek(min(key, ticks) - 1, stream=stream)
        except av.FFmpegError:
            return
        damage = Damage(self.path.name, notices, stops=False)
        timed = self._timed(container, stream, damage)
        for each in timed:
            if each.pts > pts:
                return
            if each.pts == pts and each.own:
                notices.clear()
                damage.stops = self._stops
                yield each
                break
        for each in timed:
            for line in notices:
                self.notice(line)
            yield each

    def _timed(self, container: InputContainer, stream: VideoStream, damage: Damage) -> Iterator[_Timed]:
        """Frames with increasing pts; the duration is the distance to the next frame's."""
        step = max(1, round(1 / (self._rate * self.time_base)))
        held: _Timed | None = None
        frames = _decoded(container, stream, self.stated.clock(), damage)
        if self._deinterlaces:
            frames = deinterlaced(frames, self._doubles, self.path.name)
        for frame in frames:
            given = _pts(frame, self.time_base)
            if held is None:
                pts = given if given is not None else self._in_clip(stream.start_time or 0)
            else:
                pts = max(given if given is not None else held.pts + step, held.pts + 1)
                self._note_size(held.frame, frame)
                yield held._replace(duration=pts - held.pts)
            held = _Timed(frame, pts, None, pts == given)
        if held is not None:
            left = self._in_clip(self.stated.end) - held.pts
            own = step if self._deinterlaces else held.frame.duration or step
            yield held._replace(duration=self._last_duration(own, left))

    def _in_clip(self, ticks: int) -> int:
        """A time that a header gives, in the time base of the clip."""
        return round((ticks * self.stated.time_base - self.stated.begin) / self.time_base)

    def _last_duration(self, own: int, left: int) -> int:
        """The time `left` in the header is the truer one: decoders know distances in decoding order only."""
        missing = (left - own) * self.time_base
        if missing > max(Fraction(1, 2), 2 / self._rate):
            line = f"{self.path.name} breaks off {float(missing):.1f} seconds before the end it announces"
            if self._stops:
                raise MediaError(f"{line}; --damaged skip uses what is there")
            self.notice(line)
            return own
        return left if left > 0 else own

    def _note_size(self, before: av.VideoFrame, after: av.VideoFrame) -> None:
        if (before.width, before.height) != (after.width, after.height):
            self.notice(
                f"{self.path.name} changes its size from {before.width}x{before.height} to "
                f"{after.width}x{after.height} on the way; all frames are made {self.width}x{self.height}"
            )

    def _note_unkept(self, frame: av.VideoFrame) -> None:
        for name in sorted(UNKEPT.keys() & side_data(frame).keys()):
            self.notice(f"{self.path.name} holds {UNKEPT[name]}, which no result keeps")

    def digest(self) -> str:
        return file_digest(self.path).hex()


def _decoded(
    container: InputContainer, stream: VideoStream, time: Clock, damage: Damage
) -> Iterator[av.VideoFrame]:
    """Every frame that is whole, as far as the decoder can tell; the others are told to `damage`.

    Decoders conceal what is missing by what was there before, and flag that frame: it is left out too,
    because what is painted from it would be carried on. Not all notice (those of HEVC and VP9 take nearly
    anything for a picture), and what refers to a damaged frame is not flagged. They are not asked to be
    stricter (err_detect=explode), since they would then refuse much that is merely unusual.
    """
    context = stream.codec_context
    stream.thread_type = "SLICE" if context.width * context.height > _MANY_PIXELS else "AUTO"
    decoder = seeing_alpha(stream) or context
    decoder.options = limits()  # it may claim to be larger on the way
    packets = container.demux(stream)
    while True:
        try:
            # One of no bytes holds the frame before it for longer; only the end is to flush the decoder.
            packet = next((packet for packet in packets if packet.size), None)
        except av.FFmpegError as error:
            damage.end(reason_of(error))
            packet = None
        if packet is not None:
            time.picture(packet)
        try:
            for frame in decoder.decode(packet):
                if frame.is_corrupt:
                    damage.frame()
                else:
                    damage.whole(_seconds(frame))
                    yield frame
        except av.EOFError:
            return
        except av.FFmpegError:
            damage.frame()
        if packet is None:
            return


def _seconds(frame: av.VideoFrame) -> Fraction | None:
    return None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base


def _pts(frame: av.VideoFrame, time_base: Fraction) -> int | None:
    pts = frame.pts if frame.pts is not None else frame.dts
    if pts is None or abs(pts * time_base) > _LATEST:
        return None
    if frame.time_base is None or frame.time_base == time_base:
        return pts
    return round(pts * frame.time_base / time_base)


def _square(frame: av.VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """(width, height) with square pixels, before rotation; only ever enlarging, so that nothing is lost."""
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect <= 0 or aspect == 1:
        return frame.width, frame.height
    if aspect > 1:
        return round(frame.width * aspect), frame.height
    return frame.width, round(frame.height / aspect)
