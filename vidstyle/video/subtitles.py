"""Text subtitles between the packings of different containers."""

from __future__ import annotations

import re
import struct

TEXT_CODECS = frozenset({"subrip", "text", "webvtt", "mov_text", "ass", "ssa"})
_STYLE = "Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0"


def header() -> bytes:
    """The style sheet (in the SSA format) that FFmpeg's subtitle encoders ask for."""
    return (
        "[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, "
        "Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, "
        f"Alignment, MarginL, MarginR, MarginV, Encoding\r\nStyle: Default,{_STYLE}\r\n\r\n[Events]\r\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
    ).encode()


def unpack(codec: str, data: bytes) -> str:
    """The plain text of a subtitle packet; empty where it only marks a pause."""
    if codec == "mov_text":
        (length,) = struct.unpack_from(">H", data) if len(data) >= 2 else (0,)
        data = data[2 : 2 + length]
    text = data.decode("utf-8", errors="replace").strip("\0")
    if codec in ("ass", "ssa"):
        # ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text
        text = re.sub(r"\{[^}]*\}", "", text.split(",", 8)[-1]).replace(r"\N", "\n").replace(r"\n", "\n")
    elif codec != "mov_text":
        text = re.sub(r"</?[a-zA-Z][^>]*>", "", text)
    return text.replace("\r\n", "\n").strip()


def pack(codec: str, text: str) -> bytes:
    """Plain text as a packet of `codec`: mov_text, subrip or webvtt."""
    data = text.encode()
    return struct.pack(">H", len(data)) + data if codec == "mov_text" else data
