"""Makes HEIC files, of one piece or in tiles, as no library does that is always there."""

from __future__ import annotations

import struct
from fractions import Fraction
from io import BytesIO

import av
import numpy as np

TILE = 128


def heic(pixels: np.ndarray, *, turns: int = 0, tiles: bool = False, profile: bytes | None = None) -> bytes:
    """A HEIC file of uint8 (H, W, 3) as stored. turns: by which it is shown, quarters against the clock."""
    height, width = pixels.shape[:2]
    rows, columns = -(-height // TILE), -(-width // TILE)
    coded = [_coded(piece) for piece in (_pieces(pixels) if tiles else [pixels])]
    size = (TILE, TILE) if tiles else (width, height)
    properties = [(b"hvcC", coded[0][0]), (b"ispe", struct.pack(">III", 0, *size))]
    shown = [(b"ispe", struct.pack(">III", 0, width, height))] if tiles else []
    shown += [(b"irot", bytes([turns]))] if turns else []
    shown += [(b"colr", b"prof" + profile)] if profile else []
    items = [(b"hvc1", data) for _, data in coded]
    if tiles:
        items.append((b"grid", struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)))
    held = b"".join(_box(kind, body) for kind, body in [*properties, *shown])
    uses = {number: [1, 2] for number in range(1, len(coded) + 1)}
    uses[len(items)] = [*([] if tiles else [1, 2]), *range(3, 3 + len(shown))]
    return _assembled(items, held, uses, list(range(1, len(coded) + 1)) if tiles else [])


def _pieces(pixels: np.ndarray) -> list[np.ndarray]:
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % TILE), (0, -width % TILE), (0, 0)), "edge")
    rows = [padded[y : y + TILE] for y in range(0, height, TILE)]
    return [row[:, x : x + TILE] for row in rows for x in range(0, width, TILE)]


def _coded(pixels: np.ndarray) -> tuple[bytes, bytes]:
    """(the decoder's configuration, the picture) of a piece, by H.265."""
    buffer = BytesIO()
    with av.open(buffer, "w", "mp4") as output:
        options = {"x265-params": "log-level=none:asm=0", "crf": "5"}
        stream = output.add_stream("libx265", rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], "yuv444p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24").reformat(format="yuv444p")
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            packet.dts = packet.pts
            output.mux(packet)
    with av.open(BytesIO(buffer.getvalue())) as film:
        configuration = film.streams.video[0].codec_context.extradata
        return configuration, bytes(next(film.demux(video=0)))


def _assembled(
    items: list[tuple[bytes, bytes]], held: bytes, uses: dict[int, list[int]], tiles: list[int]
) -> bytes:
    def meta(start: int) -> bytes:
        places, at = b"", start
        for number, (_, data) in enumerate(items, 1):
            places += struct.pack(">HHHII", number, 0, 1, at, len(data))
            at += len(data)
        names = b"".join(
            _box(b"infe", struct.pack(">IHH4sB", 2 << 24, number, 0, kind, 0))
            for number, (kind, _) in enumerate(items, 1)
        )
        joined = b"".join(
            struct.pack(">HB", number, len(each)) + bytes(each) for number, each in uses.items()
        )
        parts = [
            _box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
            _box(b"pitm", struct.pack(">IH", 0, len(items))),
            _box(b"iinf", struct.pack(">IH", 0, len(items)) + names),
            _box(b"iloc", struct.pack(">IBBH", 0, 0x44, 0, len(items)) + places),
            _box(b"iprp", _box(b"ipco", held) + _box(b"ipma", struct.pack(">II", 0, len(uses)) + joined)),
        ]
        if tiles:
            told = struct.pack(f">HH{len(tiles)}H", len(items), len(tiles), *tiles)
            parts.append(_box(b"iref", bytes(4) + _box(b"dimg", told)))
        return _box(b"meta", bytes(4) + b"".join(parts))

    head = _box(b"ftyp", b"heic\0\0\0\0mif1heic")
    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + _box(b"mdat", b"".join(data for _, data in items))


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(body), kind) + body
