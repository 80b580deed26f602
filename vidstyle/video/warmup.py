"""Sound before time 0, which decoders warm up with and nobody hears: Matroska takes it with a CodecDelay."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Stream

from .container import open_input

# Elements of a track. FFmpeg always writes the language, and it is as long as the delay.
_LANGUAGE = b"\x22\xb5\x9c\x83und"
_CODEC_DELAY = b"\x56\xaa\x84"  # and four bytes: nanoseconds
_LONGEST = Fraction(1, 10)  # seconds; more is not there to warm up with


def warm_up(path: Path, index: int) -> Fraction:
    """How long before time 0 a stream of sound begins, in seconds; 0 for one that does not, or by far."""
    with open_input(path) as container:
        packet = _first(container.demux(container.streams[index]))
    early = Fraction(0) if packet is None else -(packet.pts or 0) * packet.time_base
    return early if 0 < early <= _LONGEST else Fraction(0)


@contextmanager
def announced(path: Path, index: int, delay: Fraction) -> Iterator[Stream]:
    """A stream to take as the template of a copy in Matroska: its first `delay` seconds are not heard.

    PyAV sets no delay, but takes it over: so a header in memory is given one, and read.
    """
    buffer = io.BytesIO()
    options = {"write_crc32": "0"}
    with (
        open_input(path) as source,
        av.open(buffer, "w", format="matroska", container_options=options) as output,
    ):
        stream = source.streams[index]
        target = output.add_stream_from_template(stream)
        packet = _first(source.demux(stream))
        assert packet is not None  # it has told the delay
        packet.stream, packet.pts, packet.dts = target, 0, 0
        output.mux(packet)
    element = _CODEC_DELAY + round(delay * 10**9).to_bytes(4, "big")
    with av.open(io.BytesIO(buffer.getvalue().replace(_LANGUAGE, element, 1))) as container:
        yield container.streams[0]


def _first(packets: Iterator[Packet]) -> Packet | None:
    return next((packet for packet in packets if packet.size and packet.pts is not None), None)
