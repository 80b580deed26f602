"""What decoded frames hold beside their pictures: the one place where FFmpeg's side data is read."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

import av
from av.filter import Graph
from av.sidedata.sidedata import SideData, Type

UNKEPT = {
    "A53_CC": "captions within its pictures (CEA-608, CEA-708)",
    "SPHERICAL": "the mark that it is a 360° film",
    "STEREO3D": "the mark that it is a stereo film",
    "DYNAMIC_HDR_PLUS": "HDR10+ levels of its scenes",
    "DOVI_METADATA": "Dolby Vision levels of its scenes",
}
"""What PyAV has no way to give to an encoder, by the names of `side_data`: in words."""

_NAMED = frozenset(kind.value for kind in Type)
_MOST = 64  # kinds that any FFmpeg may have; its numbers run from 0


def side_data(frame: av.VideoFrame) -> dict[str, bytes]:
    """By the names that PyAV has for them ("DISPLAYMATRIX"); kinds that it has no name for are left out."""
    try:
        entries = iter(frame.side_data)
    except ValueError:  # one kind without a name, EXIF say, hides them all
        entries = iter(_without_unnamed(frame).side_data)
    return {entry.type.name: bytes(entry) for entry in cast(Iterable[SideData], entries)}


def _without_unnamed(frame: av.VideoFrame) -> av.VideoFrame:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25)
    )
    unnamed = sorted(set(range(_MOST)) - _NAMED)
    deleting = [graph.add("sidedata", f"mode=delete:type={number}") for number in unnamed]
    graph.link_nodes(source, *deleting, graph.add("buffersink")).configure()
    graph.push(frame)
    return graph.pull()  # type: ignore[return-value]
