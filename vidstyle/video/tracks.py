"""The streams of a result that are not its picture, packet by packet."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from fractions import Fraction
from typing import cast

from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.stream import SubtitleStream

from .subtitles import header, pack, unpack

# QuickTime numbers its languages; FFmpeg knows each number by one code, and of two in ISO 639-2 either.
_QUICKTIME_LANGUAGES = {
    **{"sqi": "alb", "hye": "arm", "eus": "baq", "mya": "bur", "zho": "chi", "cze": "ces", "nld": "dut"},
    **{"fre": "fra", "kat": "geo", "deu": "ger", "ell": "gre", "isl": "ice", "mkd": "mac", "msa": "may"},
    **{"fas": "per", "rum": "ron", "slo": "slk", "swe": "sve", "bod": "tib", "cym": "wel"},
}

# True of the source's own packets only, written by the muxer, or carried over in another way.
_OWN_METADATA = re.compile(
    r"(encoder|vendor_id|rotate|timecode|(bps|duration|number_of_(frames|bytes)|_statistics_.*)(-\w+)?)", re.I
)
_UNNAMED = {"VideoHandler", "SoundHandler", "SubtitleHandler", "DataHandler"}


def stream_metadata(source: Stream, container: str) -> dict[str, str]:
    """What of a stream's metadata is true of its copy in `container` as well."""
    metadata = {key: value for key, value in source.metadata.items() if not _OWN_METADATA.fullmatch(key)}
    if metadata.get("handler_name") in _UNNAMED:
        del metadata["handler_name"]
    name = metadata.pop("name", None)  # as MP4 calls the title
    if name:
        metadata.setdefault("title", name)
    if container == "mov" and "language" in metadata:
        metadata["language"] = _QUICKTIME_LANGUAGES.get(metadata["language"], metadata["language"])
    return metadata


class Track(ABC):
    """One stream of the result that is not the picture; `shift` is subtracted from all its times."""

    def __init__(self, source: Stream, target: Stream) -> None:
        self.target = target
        target.metadata.update(stream_metadata(source, target.container.format.name))
        # The number: PyAV before 18 takes nothing else.
        target.disposition = cast(Disposition, source.disposition.value)

    @abstractmethod
    def convert(self, packet: Packet, shift: Fraction) -> Iterable[Packet]:
        """The packets of the result that a packet of the source becomes."""

    def flush(self, shift: Fraction, end: Fraction | None) -> Iterable[Packet]:
        """Whatever is still held back; end: seconds of the source at which the result ends, if it is cut."""
        return ()


class Copied(Track):
    def __init__(self, source: Stream, target: Stream, from_zero: bool) -> None:
        super().__init__(source, target)
        self._from_zero = from_zero
        self._last: int | None = None

    def convert(self, packet: Packet, shift: Fraction) -> Iterable[Packet]:
        ticks = round(shift / packet.time_base)
        packet.stream = self.target
        if packet.pts is not None:
            packet.pts -= ticks
        if packet.dts is not None:
            packet.dts -= ticks
        if self._from_zero and packet.pts is not None and packet.pts < 0:
            if -2 * packet.pts > (packet.duration or 0):
                return ()
            packet.pts = packet.dts = 0
        if packet.dts is not None and self.target.type == "audio":
            if self._last is not None and packet.dts <= self._last:
                return ()  # No muxer takes sound that goes back in time.
            self._last = packet.dts
        return (packet,)


class TextSubtitle(Track):
    """Text subtitles in another packing; styles are lost."""

    def __init__(self, source: SubtitleStream, target: SubtitleStream) -> None:
        super().__init__(source, target)
        target.codec_context.subtitle_header = header()
        self.codecs = (source.codec_context.codec.canonical_name, target.codec_context.codec.canonical_name)

    def convert(self, packet: Packet, shift: Fraction) -> Iterable[Packet]:
        text = unpack(self.codecs[0], bytes(packet))
        if not text:
            return
        result = Packet(pack(self.codecs[1], text))
        result.stream, result.time_base, result.is_keyframe = self.target, packet.time_base, True
        result.pts = result.dts = (packet.pts or 0) - round(shift / packet.time_base)
        result.duration = packet.duration
        yield result
