"""What a film holds that does not play: chapters, covers, attached files, timecodes, titles and dates."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream

from ..events import Notice
from .container import open_input, stream_info, video_stream
from .decode import VideoClip
from .tracks import stream_metadata

# Of the container itself, written by the muxer. A timecode is a track or a tag of the picture.
_OWN_METADATA = frozenset(
    {"major_brand", "minor_version", "compatible_brands", "encoder", "duration", "timecode"}
)
_NAMES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)")
_NAMED = 8  # so many lost keys are listed


class Extras:
    """Carries over what does not play, and tells what cannot be.

    span: the frames [start, stop) of the source that are written, where they are not all.
    """

    def __init__(
        self,
        clip: VideoClip,
        source: InputContainer,
        output: OutputContainer,
        span: tuple[int, int | None] | None,
        notice: Notice,
    ) -> None:
        self._clip, self._source, self._output, self._span, self._notice = clip, source, output, span, notice
        self._covers: list[Packet] = []
        self._marks: list[set[str]] = []
        output.metadata.update(
            {key: value for key, value in source.metadata.items() if key.lower() not in _OWN_METADATA}
        )
        picture = source.streams[clip.stream_index]
        target = output.streams.video[0]
        target.metadata.update(stream_metadata(picture, output.format.name))
        target.disposition = cast(Disposition, picture.disposition.value)
        self._timecode = _timecode(picture.metadata) or _timecode(source.metadata)
        if self._timecode:
            start = span[0] if span else 0
            target.metadata["timecode"] = shifted_timecode(self._timecode, start, clip.frame_rate)
        if not span and (chapters := source.chapters()):
            begin = clip.stated.begin
            output.set_chapters(cut_chapters(chapters, begin, None) if begin else chapters)

    def trim(self, begin: Fraction) -> None:
        """The result begins at `begin`, in seconds of the source: chapters are cut to match."""
        if self._span and (chapters := self._source.chapters()):
            start, stop = self._span
            end = None if stop is None else _end_of(self._clip, begin, stop - start)
            late = self._clip.stated.begin
            self._output.set_chapters(
                cut_chapters(chapters, begin + late, None if end is None else end + late)
            )

    def add(self, stream: Stream) -> None:
        """Carry over a stream that does not play."""
        if stream.type == "video" and stream.disposition & Disposition.attached_pic:
            kept = self._add_cover(stream)
        elif stream.type == "attachment":
            kept = self._add_attachment(stream)
        elif stream.type == "video":
            self._notice(f"{stream_info(stream)} is left out: only the first picture is painted")
            return
        else:
            # What the muxer makes anew of the timecode and the chapters; the demuxer discards the latter.
            discarded = int(getattr(stream, "discard", 0)) > 0
            kept = bool(self._timecode and _timecode(stream.metadata)) or discarded
        if not kept:
            self._notice(
                f"{_name(stream)} is left out: {self._output.format.name} cannot hold it{_hint(stream)}"
            )

    def mux(self) -> None:
        """Write what has to come first."""
        if not self._marks:
            self._marks = [_marks(stream) for stream in self._output.streams]
            self._output.mux(self._covers)

    def compare(self, result: Path) -> None:
        """Tell which metadata did not get into the result."""
        with open_input(result) as container:
            there = {key.lower() for key in container.metadata}
            pairs = list(zip(self._marks, container.streams, strict=False))
            lost = sorted({mark for before, stream in pairs for mark in before - _marks(stream, before)})
        lost += (key for key in sorted(self._output.metadata) if key.lower() not in there)
        if lost:
            more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
            self._notice(
                f"{self._output.format.name} has no place for the metadata {', '.join(lost[:_NAMED])}{more}: "
                f"left out; a .mkv output would keep it"
            )

    def _add_cover(self, stream: Stream) -> bool:
        codec, container = _codec_name(stream), self._output.format.name
        data = _first_packet(self._clip.path, stream.index)
        if codec not in _NAMES or data is None:
            return False
        if container == "matroska":
            self._output.add_attachment(*_NAMES[codec], data)
        elif container == "mp4":
            target = self._output.add_stream_from_template(stream, opaque=True)
            target.disposition = cast(Disposition, Disposition.attached_pic.value)
            packet = Packet(data)
            packet.stream, packet.is_keyframe = target, True
            packet.pts = packet.dts = 0
            self._covers.append(packet)
        return container in ("matroska", "mp4")

    def _add_attachment(self, stream: Stream) -> bool:
        if self._output.format.name != "matroska":
            return False
        self._output.add_stream_from_template(stream)
        return True


def cut_chapters(chapters: Iterable[Any], begin: Fraction, end: Fraction | None) -> list[Any]:
    """The chapters that lie between two times, in seconds; `begin` becomes 0."""
    cut = []
    for chapter in chapters:
        unit = chapter["time_base"]
        first = max(chapter["start"] * unit, begin)
        last = chapter["end"] * unit if end is None else min(chapter["end"] * unit, end)
        if first < last:
            times = {"start": round((first - begin) / unit), "end": round((last - begin) / unit)}
            cut.append({**chapter, **times})
    return cut


def shifted_timecode(timecode: str, frames: int, rate: Fraction | None) -> str:
    """The timecode so many frames later (SMPTE 12M): with ";" two numbers in 30 are skipped every minute but
    each tenth. What is no timecode is given back as it is."""
    found = _TIMECODE.fullmatch(timecode)
    if not found or not rate or not frames:
        return timecode
    hours, minutes, seconds, mark, number = found.groups()
    per_second = round(rate)
    dropped = 2 * round(per_second / 30) if mark != ":" else 0
    total = int(hours) * 60 + int(minutes)
    count = (total * 60 + int(seconds)) * per_second + int(number) - dropped * (total - total // 10) + frames
    if dropped:
        tens, rest = divmod(count, 600 * per_second - 9 * dropped)
        late = max(0, rest - dropped) // (60 * per_second - dropped)
        count += dropped * (9 * tens + late)
    total, number_ = divmod(count, per_second)
    return f"{total // 3600 % 24:02}:{total // 60 % 60:02}:{total % 60:02}{mark}{number_:02}"


def _marks(stream: Stream, before: Collection[str] = ()) -> set[str]:
    """The language of a stream, and what it is for (dispositions such as forced).

    before: the marks that are looked for; any language is taken for theirs, since containers have their own
    codes for some.
    """
    language = stream.metadata.get("language", "und")
    # Players have something to choose by default whatever the file says, and a cover stays one.
    known = Disposition(stream.disposition.value) & ~(Disposition.default | Disposition.attached_pic)
    marks = {f"{each.name} ({stream.type})" for each in Disposition if each & known}
    if language != "und":
        marks |= {mark for mark in before if mark.startswith("language")} or {f"language {language}"}
    return marks


def _timecode(metadata: dict[str, str]) -> str | None:
    return next((value for key, value in metadata.items() if key.lower() == "timecode"), None)


def _name(stream: Stream) -> str:
    if stream.type == "attachment":
        return f"attachment {stream.metadata.get('filename', stream.index)}"
    if stream.type == "video":
        return f"the cover picture ({_codec_name(stream)})"
    return str(stream_info(stream))


def _hint(stream: Stream) -> str:
    return "; a .mkv output would" if stream.type == "attachment" or _codec_name(stream) in _NAMES else ""


def _codec_name(stream: Stream) -> str:
    return stream.codec_context.name if stream.codec_context else "unknown"


def _first_packet(path: Path, index: int) -> bytes | None:
    with open_input(path) as container:
        packets = container.demux(container.streams[index])
        return next((bytes(packet) for packet in packets if packet.size), None)


def _end_of(clip: VideoClip, begin: Fraction, count: int) -> Fraction:
    """When the frame comes that is `count` frames after the one at `begin`, by the packets; in seconds."""
    first, clock = begin / clip.time_base, clip.stated.clock()
    times: list[int] = []
    with open_input(clip.path) as container:
        stream = video_stream(container, clip.path)
        with suppress(av.FFmpegError):  # of a damaged source what is there
            packets = (clock.picture(packet) for packet in container.demux(stream))
            # A few more than needed, because they are not in the order in which they are shown.
            times = sorted(islice((pts for pts in packets if pts is not None and pts >= first), count + 64))
    if count < len(times):
        return times[count] * clip.time_base
    return begin + count / (clip.frame_rate or Fraction(25))
