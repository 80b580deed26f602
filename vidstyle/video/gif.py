"""GIF: one palette for the whole clip, and a pattern of dots that stands still, so that nothing flickers."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.stream import VideoStream

from .spool import Spool

_FORMAT = av.VideoFormat("bgra")
_HUNDREDTH = Fraction(1, 100)
_MOST = 65535  # hundredths
_OPAQUE = 128  # alpha from which on a pixel is shown
# An ordered pattern: what errors diffuse into changes all over the picture when one pixel does.
_DITHER = "dither=bayer:bayer_scale=3"


def write_gif(path: Path, frames: Spool, plays: int) -> None:
    """What is less than half opaque becomes transparent, the rest opaque.

    frames: of 8 bits, read twice; plays: 0 is for ever. Raises OSError or av.FFmpegError.
    """
    palette = _palette(frames)
    loop = {0: 0, 1: -1}.get(plays, min(plays - 1, _MOST))
    last = min(_MOST, round(frames.last / _HUNDREDTH))
    options = {"loop": str(loop), "final_delay": str(last)}
    with av.open(str(path.absolute()), "w", format="gif", container_options=options) as output:
        stream = output.add_stream("gif", rate=100)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = frames.size
        stream.pix_fmt, stream.time_base = "pal8", _HUNDREDTH
        for frame in _in_colours(frames, palette):
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _palette(frames: Spool) -> av.VideoFrame:
    """The 256 colours of all frames."""
    graph, (source,) = _graph("palettegen", [frames.size])
    for _, pixels, alpha in frames:
        # By their upper six bits, so that there are not more to count the longer the clip is.
        source.push(_frame((pixels & 0xFC) | (pixels >> 6), alpha))
    source.push(None)
    return graph.pull()  # type: ignore[return-value]


def _in_colours(frames: Spool, palette: av.VideoFrame) -> Iterator[av.VideoFrame]:
    """The frames in the colours of the palette, with their times."""
    graph, (source, colours) = _graph("paletteuse", [frames.size, (palette.width, palette.height)], _DITHER)
    palette.pts, now = 0, 0
    colours.push(palette)
    colours.push(None)
    for delay, pixels, alpha in frames:
        frame = _frame(pixels, alpha)
        frame.pts, frame.time_base = now, _HUNDREDTH
        source.push(frame)
        yield graph.pull()  # type: ignore[misc]
        now += round(delay / _HUNDREDTH)


def _graph(
    name: str, sizes: list[tuple[int, int]], options: str | None = None
) -> tuple[Graph, list[FilterContext]]:
    """A filter with an input for each (width, height), and these inputs."""
    graph = Graph()
    middle, end = graph.add(name, options), graph.add("buffersink")
    inputs = []
    for number, (width, height) in enumerate(sizes):
        source = graph.add_buffer(width=width, height=height, format=_FORMAT, time_base=_HUNDREDTH)
        source.link_to(middle, 0, number)
        inputs.append(source)
    middle.link_to(end)
    graph.configure()
    return graph, inputs


def _frame(pixels: np.ndarray, alpha: np.ndarray | None) -> av.VideoFrame:
    """As BGRA; what is not shown is black, so that it counts as no colour."""
    shown = np.full_like(pixels[:1], 255) if alpha is None else np.where(alpha < _OPAQUE, 0, 255)
    joined = np.concatenate([pixels[::-1] & shown, shown]).astype(np.uint8).transpose(1, 2, 0)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(joined), _FORMAT.name)
