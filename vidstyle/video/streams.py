"""Sound and subtitles of the source, carried over to the result: copied packet by packet where possible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

from ..events import Notice
from .container import open_input, stream_info
from .decode import VideoClip
from .extras import Extras
from .layouts import fitting_layout
from .sound import Encoded
from .subtitles import TEXT_CODECS
from .tracks import Copied, TextSubtitle, Track
from .warmup import announced, warm_up

# What players expect in a container; FFmpeg would write more (PCM or Vorbis in MP4) than they play.
_AUDIO = {
    "mp4": {"aac", "mp2", "mp3", "ac3", "eac3", "alac", "flac", "opus", "dts"},
    "mov": {"aac", "mp2", "mp3", "ac3", "eac3", "alac"},
    "webm": {"opus", "vorbis"},
}
_MATROSKA = frozenset({"matroska", "webm"})
_AUDIO_FALLBACK = {"webm": "libopus"}
_SUBTITLE_FALLBACK = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip", "webm": "webvtt"}


class StreamCopier:
    """Reads the source once more and feeds its sound and subtitles to the result as the picture advances."""

    def __init__(
        self, clip: VideoClip, output: OutputContainer, span: tuple[int, int | None] | None, notice: Notice
    ) -> None:
        self._trimmed = span is not None
        self._path, self._picture = clip.path, clip.stream_index
        self._clock = clip.stated.clock()
        self._input = open_input(clip.path)
        self._output = output
        self._notice = notice
        self._tracks: dict[int, Track] = {}
        self._extras = Extras(clip, self._input, output, span, notice)
        for stream in self._input.streams:
            if stream.type in ("audio", "subtitle"):
                self._add(stream)
        for stream in self._input.streams:  # after the others, as containers have them
            if stream.type not in ("audio", "subtitle") and stream.index != clip.stream_index:
                self._extras.add(stream)
        self._packets = self._demux()
        self._next = next(self._packets, None)
        self._held: list[Packet] = []
        self.begin: Fraction | None = None

    def close(self) -> None:
        """Let go of the source."""
        self._input.close()

    def trim(self, begin: Fraction) -> None:
        """Leave out what ends before `begin` (seconds of the source), which becomes time 0."""
        self.begin = begin
        self._extras.trim(begin)

    def advance(self, until: Fraction) -> None:
        """Mux all packets that begin before `until`, in seconds of the source."""
        self._extras.mux()
        while self._next is not None and _seconds(self._next) < until:
            self._mux(self._next)
            self._next = next(self._packets, None)
        self._release(until)

    def finish(self, end: Fraction | None) -> None:
        """Mux the rest, up to `end` seconds of the source where that is given, and what the encoders hold."""
        while self._next is not None:
            if end is None or _seconds(self._next) < end:
                self._mux(self._next)
            self._next = next(self._packets, None)
        if end is not None:
            self._shorten_held(end)
        self._release(None)
        for track in self._tracks.values():
            self._output.mux(list(track.flush(self.begin or Fraction(0), end)))

    def compare(self, result: Path) -> None:
        """Tell which metadata did not get into the result."""
        self._extras.compare(result)

    def _demux(self) -> Iterator[Packet]:
        """The packets of all tracks, in the time of the clip."""
        if not self._tracks:
            return
        indices = [*self._tracks, *([self._picture] if self._clock.jumps else [])]
        packets = self._input.demux(*(self._input.streams[index] for index in indices))
        timed = (each for each in packets if each.size and (each.pts is not None or each.dts is not None))
        # A broken-off source was noted by the reader of its frames.
        with suppress(av.FFmpegError):
            yield from self._clock.others(timed, self._picture)

    def _mux(self, packet: Packet) -> None:
        if self.begin is not None:
            if _end(packet) <= self.begin:
                return
            if packet.stream.type == "subtitle":
                self._held.append(packet)  # Until it is known whether it outlasts the range.
                return
        self._convert(packet)

    def _release(self, until: Fraction | None) -> None:
        """Mux the held subtitles that are over by `until`, or all of them."""
        while self._held and (until is None or _end(self._held[0]) <= until):
            self._convert(self._held.pop(0))

    def _shorten_held(self, end: Fraction) -> None:
        for packet in self._held:
            packet.duration = round((min(_end(packet), end) - _seconds(packet)) / packet.time_base)

    def _convert(self, packet: Packet) -> None:
        if packet.stream.type == "subtitle" and self.begin is not None and _seconds(packet) < self.begin:
            end = _end(packet)
            packet.pts = packet.dts = round(self.begin / packet.time_base)
            packet.duration = round(end / packet.time_base) - packet.pts
        track = self._tracks[packet.stream_index]
        self._output.mux(list(track.convert(packet, self.begin or Fraction(0))))

    def _add(self, stream: Stream) -> None:
        container, name = self._output.format.name, stream_info(stream)
        codec = _codec_name(stream)
        if codec is None:
            self._notice(f"{name} is left out: its codec is unknown")
        elif self._holds(stream):
            self._tracks[stream.index] = self._copied(stream)
        elif isinstance(stream, AudioStream):
            self._add_encoded(stream, _AUDIO_FALLBACK.get(container, "aac"))
        elif isinstance(stream, SubtitleStream) and codec in TEXT_CODECS:
            target = cast(SubtitleStream, self._output.add_stream(_SUBTITLE_FALLBACK[container]))
            self._tracks[stream.index] = TextSubtitle(stream, target)
            self._notice(
                f"{name} is converted to {_SUBTITLE_FALLBACK[container]}, which {container} can hold"
            )
        else:
            self._notice(f"{name} is left out: {container} cannot hold it; a .mkv output would")

    def _copied(self, stream: Stream) -> Copied:
        # Matroska has no time before 0: FFmpeg would move everything, the picture too, to later times.
        # Sound before 0 is what decoders warm up with, and is not heard. Matroska has a field for it, which
        # FFmpeg fills for Opus and for what comes from Matroska. Edit lists say as much, and of a whole film
        # it is filled here. In other cases such sound has to go.
        kinds = self._input.format.name.split(",")
        from_zero = self._output.format.name in _MATROSKA and stream.type == "audio"
        if (_codec_name(stream) == "opus" or not _MATROSKA.isdisjoint(kinds)) and not self._trimmed:
            from_zero = False
        edited = from_zero and not self._trimmed and "mp4" in kinds
        delay = warm_up(self._path, stream.index) if edited else Fraction(0)
        if delay:
            with announced(self._path, stream.index, delay) as template:
                return Copied(stream, self._output.add_stream_from_template(template), False)
        return Copied(stream, self._output.add_stream_from_template(stream), from_zero)

    def _add_encoded(self, stream: AudioStream, codec: str) -> None:
        rates = av.Codec(codec, "w").audio_rates
        source = stream.codec_context
        rate = source.sample_rate if not rates or source.sample_rate in rates else 48000
        layout = fitting_layout(codec, source.layout, rate)
        if layout is None:
            self._notice(f"{stream_info(stream)} is left out: {codec} takes no sound in {source.layout.name}")
            return
        target = cast(AudioStream, self._output.add_stream(codec, rate=rate, layout=layout))
        target.codec_context.bit_rate = 96_000 * max(target.codec_context.layout.nb_channels, 2)
        self._tracks[stream.index] = Encoded(stream, target)
        container = self._output.format.name
        placed = (
            "" if layout == source.layout.name else f" in {layout}, which is nearest to {source.layout.name}"
        )
        self._notice(
            f"{stream_info(stream)} is encoded anew as {codec}{placed}: {container} cannot hold it as it is"
        )

    def _holds(self, stream: Stream) -> bool:
        names = {stream.codec_context.codec.name, _codec_name(stream)}
        container = self._output.format.name
        if stream.type == "audio":
            # QuickTime is made for sound straight from a camera or an editor.
            raw = container == "mov" and str(_codec_name(stream)).startswith("pcm_")
            if not raw and not names & _AUDIO.get(container, names):
                return False
        return bool(names & self._output.supported_codecs)


def _codec_name(stream: Stream) -> str | None:
    return stream.codec_context.codec.canonical_name if stream.codec_context else None


def _seconds(packet: Packet) -> Fraction:
    ticks = packet.pts if packet.pts is not None else packet.dts
    return Fraction(ticks or 0) * packet.time_base


def _end(packet: Packet) -> Fraction:
    return _seconds(packet) + (packet.duration or 0) * packet.time_base
