"""Interlaced film: two pictures, of every other row each, that were taken one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
from av.filter import Graph

from ..errors import MediaError

_SMALLEST = 16  # pixels; the filter takes none with fewer than a few rows


def combs(frame: av.VideoFrame) -> bool:
    """Whether this frame, as its film's first, says that what moves in the film will look combed."""
    return bool(frame.interlaced_frame) and min(frame.width, frame.height) >= _SMALLEST


def deinterlaced(frames: Iterable[av.VideoFrame], double: bool, name: str) -> Iterator[av.VideoFrame]:
    """The frames with the missing rows of their first fields made up, by bwdif; others as they are.

    double: of their second fields, too, half a frame later. Times are exact, in another time base, and
    durations not to be relied on. Raises MediaError for frames that the filter does not take.
    """
    graph: Graph | None = None
    key: tuple[object, ...] = ()
    try:
        for frame in frames:
            if frame.pts is None:
                frame.pts = frame.dts
            if graph is None or key != (frame.width, frame.height, frame.format.name):
                if graph is not None:
                    yield from _ended(graph)
                graph, key = _graph(frame, double), (frame.width, frame.height, frame.format.name)
            graph.push(frame)
            yield from _pulled(graph)
        if graph is not None:
            yield from _ended(graph)
    except av.FFmpegError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise MediaError(f"{name} cannot be deinterlaced ({reason}); try --deinterlace off") from error


def _graph(frame: av.VideoFrame, double: bool) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base
    )
    # It looks at the frames before and after: whoever begins in the middle begins a frame early.
    bwdif = graph.add("bwdif", f"mode={'send_field' if double else 'send_frame'}:deint=interlaced")
    graph.link_nodes(source, bwdif, graph.add("buffersink")).configure()
    return graph


def _ended(graph: Graph) -> Iterator[av.VideoFrame]:
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.pull()  # type: ignore[misc]
        except (av.BlockingIOError, av.EOFError):
            return
