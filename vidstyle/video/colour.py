"""Colour of video streams: which matrix and range the numbers mean, and the way to RGB and back.

Numbers are those of ITU-T H.273, which FFmpeg and every container use.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.filter import Graph

from .depth import to_depth

UNSPECIFIED = 2
RGB, BT709, FCC, BT470BG, SMPTE170M, SMPTE240M, BT2020, BT2020_CL = 0, 1, 4, 5, 6, 7, 9, 10
_SRGB, PQ, HLG = 13, 16, 18
LIMITED, FULL = 1, 2

# The names that FFmpeg's scale filter has for the matrices.
_MATRIX_NAMES = {
    BT709: "bt709",
    FCC: "fcc",
    BT470BG: "bt470",
    SMPTE170M: "smpte170m",
    SMPTE240M: "smpte240m",
    BT2020: "bt2020",
}
# Bicubic for chroma; the other flags trade a little speed for results within one level of the exact ones.
_FLAGS = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


@dataclass(frozen=True, slots=True)
class ColorInfo:
    """The colour tags of a stream, by their H.273 numbers; 2 is unspecified (0 for the range).

    range: 0 unspecified, 1 limited (16..235 at 8 bits), 2 full.
    """

    primaries: int = UNSPECIFIED
    transfer: int = UNSPECIFIED
    matrix: int = UNSPECIFIED
    range: int = 0

    @property
    def is_hdr(self) -> bool:
        """Whether the transfer is PQ or HLG."""
        return self.transfer in (PQ, HLG)

    def decoding_matrix(self, height: int) -> int:
        """The matrix to decode with; untagged streams follow the convention of their size."""
        if self.matrix in _MATRIX_NAMES:
            return self.matrix
        if self.matrix == BT2020_CL:  # swscale has no constant luminance; the other form is the nearest
            return BT2020
        return BT709 if height >= 720 else SMPTE170M

    def for_output(self, height: int, rgb: bool = False) -> ColorInfo:
        """The tags of limited-range YUV, or of RGB, that shows this source of `height` rows as it is."""
        matrix = BT709 if self.matrix == RGB else self.decoding_matrix(height)
        primaries = self.primaries
        if primaries == UNSPECIFIED:
            # What players assume for such a source, said aloud.
            sd = {480: SMPTE170M, 486: SMPTE170M, 576: BT470BG} if matrix == SMPTE170M else {}
            primaries = BT2020 if matrix == BT2020 else sd.get(height, BT709)
        transfer = BT709 if self.transfer in (UNSPECIFIED, _SRGB) else self.transfer
        return ColorInfo(primaries, transfer, RGB if rgb else matrix, FULL if rgb else LIMITED)


SRGB_PICTURE = ColorInfo(BT709, _SRGB, RGB, FULL)


def frame_color(frame: av.VideoFrame, codec: av.VideoCodecContext) -> ColorInfo:
    """The tags of a decoded frame; what it leaves open is taken from its stream."""
    primaries, transfer = codec.color_primaries or UNSPECIFIED, codec.color_trc or UNSPECIFIED
    name = frame.format.name
    if frame.format.is_rgb or name.startswith("pal"):
        return ColorInfo(primaries, transfer, RGB, FULL)
    matrices = [m for m in (frame.colorspace, codec.colorspace) if m not in (RGB, UNSPECIFIED)]
    range_ = FULL if name.startswith("yuvj") else frame.color_range or codec.color_range
    return ColorInfo(primaries, transfer, int(next(iter(matrices), UNSPECIFIED)), int(range_))


def bit_depth(frame: av.VideoFrame) -> int:
    """Bits per colour component of a decoded frame; no more than 16, as which floating point is read."""
    return min(16, max(component.bits for component in frame.format.components))


class ToRGB:
    """Converts decoded frames to full-range RGB of one size, with alpha where that is asked for.

    A frame of another size, format or colour than the one before is converted rightly too.
    """

    def __init__(self, width: int, height: int, deep: bool, alpha: bool = False) -> None:
        self.size = (width, height)
        self.format = _planar(alpha, deep)
        self._graph: Graph | None = None
        self._key: tuple[object, ...] = ()

    def __call__(self, frame: av.VideoFrame, color: ColorInfo) -> np.ndarray:
        """uint8 or uint16 (3, H, W) RGB, or (4, H, W) RGBA, full range."""
        key = (frame.width, frame.height, frame.format.name, color)
        if self._graph is None or key != self._key:
            scale = f"{self.size[0]}:{self.size[1]}:out_range=pc:flags={_FLAGS}"
            if color.matrix != RGB:
                matrix = _MATRIX_NAMES[color.decoding_matrix(frame.height)]
                scale += f":in_color_matrix={matrix}:in_range={'pc' if color.range == FULL else 'tv'}"
            self._graph, self._key = _graph(frame, scale, self.format), key
        green, blue, red, *alpha = _planes(_push(self._graph, frame))
        pixels = np.stack([red, green, blue, *alpha])
        if pixels.dtype == np.uint16:
            depth = bit_depth(frame)
            pixels[:3] = _rescale(pixels[:3], _white(color, depth), 65535)
            pixels[3:] = _rescale(pixels[3:], _full(depth), 65535)
        return pixels


class FromRGB:
    """Converts RGB pixels to frames of one format: limited-range YUV by the matrix of `color`, or RGB.

    A format with alpha is opaque where none is given.
    """

    def __init__(self, pix_fmt: str, color: ColorInfo) -> None:
        self.pix_fmt = pix_fmt
        self.color = color
        components = av.VideoFormat(pix_fmt).components
        self._depth = components[0].bits
        self._alpha = any(component.is_alpha for component in components)
        self._graph: Graph | None = None
        self._key: tuple[object, ...] = ()

    def __call__(self, pixels: np.ndarray, alpha: np.ndarray | None = None) -> av.VideoFrame:
        """pixels: uint8 or uint16 (3, H, W), full range; alpha: (1, H, W)."""
        _, height, width = pixels.shape
        pixels = self._for_swscale(pixels)
        frame = av.VideoFrame(width, height, _planar(self._alpha, deep=pixels.dtype == np.uint16))
        red, green, blue = pixels
        for plane, channel in zip(
            _planes(frame), (green, blue, red, np.iinfo(pixels.dtype).max), strict=False
        ):
            plane[:] = channel
        key = (width, height, pixels.dtype)
        if self._graph is None or key != self._key:
            scale = f"{width}:{height}:in_range=pc:flags={_FLAGS}"
            if self.color.matrix != RGB:
                scale += f":out_color_matrix={_MATRIX_NAMES[self.color.matrix]}:out_range=tv"
            self._graph, self._key = _graph(frame, scale, self.pix_fmt), key
        result = _push(self._graph, frame)
        if self._alpha:
            self._set_alpha(result, alpha)
        result.color_range, result.colorspace = self.color.range, self.color.matrix
        # ProRes has them from the frames, not from the stream.
        result.color_primaries, result.color_trc = self.color.primaries, self.color.transfer
        return result

    def _set_alpha(self, frame: av.VideoFrame, alpha: np.ndarray | None) -> None:
        """Here, because swscale gives opaque 8-bit alpha fewer than all of 10 bits."""
        most = (1 << self._depth) - 1
        codes: np.ndarray | int = most if alpha is None else _rescale(to_depth(alpha[0], 16), 65535, most)
        if len(frame.planes) == 1:  # BGRA
            plane = frame.planes[0]
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
            rows[:, 3 : 4 * frame.width : 4] = codes
        else:
            _planes(frame)[3][:] = codes

    def _for_swscale(self, pixels: np.ndarray) -> np.ndarray:
        depth = self._depth
        if (
            self.color.matrix == RGB
        ):  # Rounded here to the codes that will be stored, so that nothing is lost.
            if depth == 8:
                return to_depth(pixels, 8)
            codes = _rescale(to_depth(pixels, 16), 65535, (1 << depth) - 1)
            return codes << np.uint16(16 - depth)
        return pixels if pixels.dtype == np.uint8 else _rescale(pixels, 65535, _white(self.color, depth))


def _rescale(pixels: np.ndarray, white: int, new_white: int) -> np.ndarray:
    """uint16 pixels with another code for white, rounded and clipped."""
    codes = (pixels.astype(np.uint32) * np.uint32(new_white) + np.uint32(white // 2)) // np.uint32(white)
    return np.minimum(codes, 65535).astype(np.uint16)


def _white(color: ColorInfo, depth: int) -> int:
    """Swscale's code for white in 16-bit RGB: that of the other format (limited: at 8 bits), shifted."""
    return 255 << 8 if color.range != FULL else _full(depth)


def _full(depth: int) -> int:
    """The greatest value of so many bits, shifted to 16."""
    return ((1 << depth) - 1) << (16 - depth)


def _graph(frame: av.VideoFrame, scale: str, pix_fmt: str) -> Graph:
    # A filter graph, because VideoFrame.reformat treats matrix and range differently between PyAV's versions.
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, 25)
    )
    graph.link_nodes(
        source, graph.add("scale", scale), graph.add("format", pix_fmt), graph.add("buffersink")
    ).configure()
    return graph


def _push(graph: Graph, frame: av.VideoFrame) -> av.VideoFrame:
    graph.push(frame)
    return graph.pull()  # type: ignore[return-value]


def _planar(alpha: bool, deep: bool) -> str:
    """The name of the RGB format whose planes are looked into here."""
    return f"gbr{'a' if alpha else ''}p{'16le' if deep else ''}"


def _planes(frame: av.VideoFrame) -> list[np.ndarray]:
    """Writable views (H, W) of the planes of a planar frame."""
    dtype = np.dtype(np.uint8 if frame.format.components[0].bits == 8 else "<u2")
    return [
        np.frombuffer(memoryview(plane), dtype).reshape(plane.height, plane.line_size // dtype.itemsize)[
            :, : frame.width
        ]
        for plane in frame.planes
    ]
