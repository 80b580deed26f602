"""Ways to break a file: blindly, and by its own structure with lengths and checksums put right again."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from random import Random
from typing import Any

_NUMBERS = (
    0,
    1,
    2,
    7,
    255,
    256,
    32767,
    65535,
    2**20,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**64 - 1,
)
_HEAD = 600  # bytes; most of what a file says of itself stands there

Mutation = Callable[[bytes, Random], bytes]


def mutated(data: bytes, name: str, other: bytes, chance: Random) -> bytes:
    """One to three changes to a file's contents. name: whose suffix says what structure it has; other:
    the contents of another file, to splice with."""
    structured = _STRUCTURED.get(name.rpartition(".")[2].lower())
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if structured is not None and chance.random() < 0.6:
            data = structured(data, chance)
        elif chance.random() < 0.1:
            data = _splice(data, other, chance)
        else:
            data = chance.choice(_BLIND)(data, chance)
    return data


# Blindly


def _place(data: bytes, chance: Random) -> int:
    """Anywhere, with a liking for the beginning and the end."""
    where = chance.random()
    if where < 0.5:
        return chance.randrange(min(len(data), _HEAD) or 1)
    return (
        max(0, len(data) - 1 - chance.randrange(_HEAD)) if where < 0.6 else chance.randrange(len(data) or 1)
    )


def _flip(data: bytes, chance: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 2, 4, 16)) if changed else 0):
        changed[_place(data, chance)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _truncate(data: bytes, chance: Random) -> bytes:
    return data[: _place(data, chance)]


def _cut_out(data: bytes, chance: Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + data[at + chance.choice((1, 4, 16, 200)) :]


def _repeat(data: bytes, chance: Random) -> bytes:
    at, length = _place(data, chance), chance.choice((1, 4, 16, 200, 2000))
    return data[:at] + data[at : at + length] * chance.choice((2, 3, 50)) + data[at + length :]


def _zero(data: bytes, chance: Random) -> bytes:
    at, length = _place(data, chance), chance.choice((4, 16, 200, 2000))
    return data[:at] + bytes([chance.choice((0, 0, 255))]) * len(data[at : at + length]) + data[at + length :]


def _number(data: bytes, chance: Random) -> bytes:
    at, size = _place(data, chance), chance.choice((2, 4, 4, 8))
    value = chance.choice((*_NUMBERS, len(data))) % 256**size
    return data[:at] + value.to_bytes(size, chance.choice(("big", "little"))) + data[at + size :]


def _splice(data: bytes, other: bytes, chance: Random) -> bytes:
    at, start = _place(data, chance), _place(other, chance)
    return data[:at] + other[start : start + chance.choice((16, 500, 10**6))] + data[at:]


_BLIND: list[Mutation] = [_flip, _flip, _number, _number, _truncate, _cut_out, _repeat, _zero]


# By structure


def _shuffled(parts: list[bytes], chance: Random, change: Mutation) -> list[bytes]:
    """Swap, drop, repeat or change the parts of a file."""
    parts = list(parts)
    if not parts:
        return parts
    i, j = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.choice(("swap", "drop", "repeat", "change", "change", "change")):
        case "swap":
            parts[i], parts[j] = parts[j], parts[i]
        case "drop":
            del parts[i]
        case "repeat":
            parts.insert(j, parts[i])
        case "change":
            parts[i] = change(parts[i], chance)
    return parts


def _inside(data: bytes, chance: Random) -> bytes:
    return chance.choice((_flip, _number, _zero))(data, chance)


def _png(data: bytes, chance: Random) -> bytes:
    """Chunks with right checksums, so that what they say is read."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack_from(">I", data, at)[0]
        chunks.append(data[at + 4 : end - 4])
        at = end
    whole = data[:8]
    for chunk in _shuffled(chunks, chance, lambda part, _: part[:4] + _inside(part[4:], chance)):
        whole += struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return whole


def _boxes(data: bytes, chance: Random) -> bytes:
    """The boxes of an MP4 file, and those within, with right lengths but for one time in four."""
    boxes, at = [], 0
    while at + 8 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        if size < 8 or at + size > len(data):
            return chance.choice(_BLIND)(data, chance)
        boxes.append(data[at : at + size])
        at += size

    def change(box: bytes, _: Random) -> bytes:
        kind, body = box[4:8], box[8:]
        inner = kind in (
            b"moov",
            b"trak",
            b"mdia",
            b"minf",
            b"stbl",
            b"dinf",
            b"edts",
            b"udta",
            b"iprp",
            b"ipco",
        )
        if kind == b"meta":  # of a picture, behind its version
            body = body[:4] + _boxes(body[4:], chance)
        else:
            body = _boxes(body, chance) if inner and chance.random() < 0.9 else _inside(body, chance)
        size = chance.choice(_NUMBERS) % 2**32 if chance.random() < 0.25 else len(body) + 8
        return struct.pack(">I", size) + kind + body

    return b"".join(_shuffled(boxes, chance, change))


def _riff(data: bytes, chance: Random) -> bytes:
    """The chunks of WebP or AVI, with right lengths but for one time in four."""
    chunks, at = [], 12
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        size += 8 + size % 2
        chunks.append(data[at : at + size])
        at += size

    def change(chunk: bytes, _: Random) -> bytes:
        body = _inside(chunk[8:], chance)
        size = chance.choice(_NUMBERS) % 2**32 if chance.random() < 0.25 else len(body)
        return chunk[:4] + struct.pack("<I", size) + body

    body = data[8:12] + b"".join(_shuffled(chunks, chance, change))
    return data[:4] + struct.pack("<I", len(body)) + body


def _jpeg(data: bytes, chance: Random) -> bytes:
    """The segments of a JPEG file before its scan."""
    segments, at = [], 2
    while at + 4 <= len(data) and data[at + 1] != 0xDA:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        segments.append(data[at:end])
        at = end

    def change(part: bytes, _: Random) -> bytes:
        return part[:4] + _inside(part[4:], chance)

    return data[:2] + b"".join(_shuffled(segments, chance, change)) + data[at:]


def _safetensors(data: bytes, chance: Random) -> bytes:
    """The header, with its right length but for one time in four."""
    length = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else 0
    header = _json(data[8 : 8 + length], chance)
    size = chance.choice(_NUMBERS) if chance.random() < 0.25 else len(header)
    return struct.pack("<Q", size) + header + data[8 + length :]


_ODD: list[Any] = [
    *(None, True, False, 0, -1, 1, 1e308, 10**30, float("nan"), float("inf"), "", "\0", "x" * 100_000),
    *("\ud800", "..", "/", "%d", "{0}", [], {}, [None], [[]], {"": None}, -0.5, 2**31, 2**63, "NaN", "auto"),
]


def _json(data: bytes, chance: Random) -> bytes:
    """One value, somewhere within, is replaced by an odd one, dropped, wrapped, or nested ever deeper."""
    try:
        content = json.loads(data)
        places = _places(content)
    except (ValueError, RecursionError):  # it was broken, or deep, before
        return chance.choice(_BLIND)(data, chance)
    if not places or chance.random() < 0.05:
        return chance.choice((b"[" * 100_000, json.dumps(chance.choice(_ODD)).encode()))
    holder, key = chance.choice(places)
    other, place = chance.choice(places)
    value = holder[key]
    odd = chance.choice(_ODD)
    copied = json.loads(json.dumps(other[place]))
    holder[key] = chance.choice((odd, odd, odd, [value], {"x": value}, copied, _nested(value)))
    if chance.random() < 0.15:
        del holder[key]
    return json.dumps(content).encode()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """(what holds it, under which key) of every value within."""
    items = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [(value, key) for key, _ in items] + [place for _, item in items for place in _places(item)]


def _nested(value: Any) -> Any:
    for _ in range(150):
        value = [value]
    return value


def _lines(data: bytes, chance: Random) -> bytes:
    """The lines and fields of a list."""
    lines = data.split(b"\n")
    odd = (
        b'=cmd|"/c calc"!A1',
        b"\xff\xfe\xfa",
        b"a\0b",
        b"x" * 1_000_000,
        b"",
        b'"',
        b"nan",
        b"1e999",
        b"../../x",
        b",,,,",
    )

    def change(line: bytes, _: Random) -> bytes:
        fields = line.split(b",")
        fields[chance.randrange(len(fields))] = chance.choice(odd)
        return b",".join(fields)

    return b"\n".join(_shuffled(lines, chance, change))


_STRUCTURED: dict[str, Mutation] = {
    **dict.fromkeys(("mp4", "mov", "heic", "avif"), _boxes),
    **dict.fromkeys(("webp", "avi"), _riff),
    **dict.fromkeys(("json", "done"), _json),
    **dict.fromkeys(("csv", "jsonl"), _lines),
    **{"png": _png, "jpg": _jpeg, "safetensors": _safetensors},
}
