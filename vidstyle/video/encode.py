"""Writing a video file: exact times, the right colours, and the sound and subtitles of the source."""

from __future__ import annotations

import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from ..atomic import put_in_place, temporary_beside
from ..errors import UsageError
from ..events import Notice
from ..types import Frame
from .clip import Clip
from .colour import FromRGB
from .decode import VideoClip
from .formats import Codec, container_of
from .sequences import DEFAULT_RATE
from .streams import StreamCopier
from .transparency import is_transparent
from .write_errors import named_write_errors

# pixels; of some smaller sizes, such as 48x48, its assembler writes beyond its buffers
_SMALL_FOR_X265 = 128
_REHEARSED = 1  # seconds of sound, of which encoders make several packets

# SVT-AV1 writes to stderr by itself unless it is told to keep to what it dies of.
os.environ.setdefault("SVT_LOG", "0")


class VideoWriter:
    """Encodes frames to a hidden temporary file that gets its name when everything is written.

    span: the frames are the part [start, stop) of the source; the first becomes time 0, and sound, subtitles
        and chapters are cut to what the frames cover. None: they are all.
    """

    def __init__(
        self,
        path: Path,
        clip: Clip,
        codec: Codec,
        options: dict[str, str],
        size: tuple[int, int],
        bit_depth: int | None,
        span: tuple[int, int | None] | None,
        notice: Notice,
    ) -> None:
        self._path, self._clip, self._trimmed = path, clip, span is not None
        self._size, self._notice = size, notice
        self._temporary = temporary_beside(path)
        self._keeps_alpha = clip.has_alpha and bool(codec.alpha) and container_of(path) != "mp4"
        self._durations: dict[int, int] = {}
        self._first: Frame | None = None
        self._last: Frame | None = None
        self._told = False
        self._copier: StreamCopier | None = None
        container = container_of(path)
        # Otherwise Matroska draws random identifiers, and the same frames give another file each time.
        flags = {"fflags": "+bitexact"}
        if container in ("mp4", "mov"):
            flags |= _mp4_options(clip.time_base)
        with named_write_errors(self._path):
            self._output: OutputContainer = av.open(
                # Absolute: what begins as concat:o or http:o is a file's name all the same.
                str(self._temporary.absolute()),
                "w",
                format=container,
                container_options=flags,
            )
            try:
                chosen = codec.with_alpha() if self._keeps_alpha else codec
                self._stream = self._add_stream(chosen, options, bit_depth)
                if isinstance(clip, VideoClip):
                    self._copier = StreamCopier(clip, self._output, span, notice)
            except BaseException:
                self.discard()
                raise

    def _add_stream(self, codec: Codec, options: dict[str, str], bit_depth: int | None) -> VideoStream:
        rate = (self._clip.frame_rate or DEFAULT_RATE).limit_denominator(100_000)
        options = {**codec.options, **options}
        if codec.encoder == "libx265" and min(self._size) < _SMALL_FOR_X265:
            options["x265-params"] += ":asm=0"
        self._add_hdr(codec.encoder, options)
        stream = self._output.add_stream(codec.encoder, rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        context = stream.codec_context
        context.pix_fmt = codec.pix_fmts[bit_depth or next(iter(codec.pix_fmts))]
        color = self._clip.color.for_output(self._clip.height, rgb=context.pix_fmt.startswith(("gbr", "bgr")))
        self._convert = FromRGB(context.pix_fmt, color)
        # Half-resolution chroma needs even sizes; one more row or column is invisible, a lost one is not.
        even_width = 2 if "420" in context.pix_fmt or "422" in context.pix_fmt else 1
        even_height = 2 if "420" in context.pix_fmt else 1
        self._padding = (-self._size[1] % even_height, -self._size[0] % even_width)
        context.height = self._size[1] + self._padding[0]
        context.width = self._size[0] + self._padding[1]
        context.color_primaries, context.color_trc = color.primaries, color.transfer
        context.colorspace, context.color_range = color.matrix, color.range
        if codec.tag and self._output.format.name in ("mp4", "mov"):
            context.codec_tag = codec.tag
        return stream

    def _add_hdr(self, encoder: str, options: dict[str, str]) -> None:
        levels = self._clip.hdr if isinstance(self._clip, VideoClip) else None
        if levels is None:
            return
        more = levels.options(encoder)
        if more is None:
            self._notice(
                "the HDR levels of the source (mastering display, content light) are left out: only --codec "
                "h265 and av1 have a place for them"
            )
            return
        for name, value in more.items():
            options[name] = f"{options[name]}:{value}" if name in options else value

    def write(self, frame: Frame) -> None:
        """Encode the next frame; its pts must be greater than that of the one before."""
        if (frame.width, frame.height) != self._size:
            raise ValueError(f"the writer takes {self._size[0]}x{self._size[1]} pixels, not {frame!r}")
        with named_write_errors(self._path):
            if self._first is None:
                self._begin(frame)
            pts = frame.pts - self._origin
            picture = self._convert(*self._padded(frame))
            picture.pts, picture.time_base = pts, frame.time_base
            if frame.duration:
                self._durations[pts] = frame.duration
            self._last = frame
            self._mux(self._stream.encode(picture))

    def _padded(self, frame: Frame) -> tuple[np.ndarray, np.ndarray | None]:
        """Pixels and alpha of the size that is encoded."""
        padding = ((0, 0), *((0, n) for n in self._padding))
        pixels, alpha = np.pad(frame.pixels, padding, "edge"), frame.alpha
        if self._keeps_alpha and alpha is not None:
            return pixels, np.pad(alpha, padding, "edge")
        if not self._told and is_transparent(alpha):
            self._told = True
            self._notice(
                f"{self._clip.path.name} is transparent in places; that is left out, and what lies there is "
                "painted as opaque"
            )
        return pixels, None

    def _begin(self, frame: Frame) -> None:
        self._first = frame
        self._origin = frame.pts if self._trimmed else 0
        self._stream.codec_context.time_base = frame.time_base
        self._stream.time_base = frame.time_base
        if self._trimmed and self._copier is not None:
            self._copier.trim(frame.pts_seconds)

    def _mux(self, packets: list[Packet]) -> None:
        for packet in packets:
            if packet.pts is not None and packet.pts in self._durations:
                packet.duration = self._durations.pop(packet.pts)
            # Times of the source; sound is muxed as far as the picture has come, so little is buffered.
            now = ((packet.dts or 0) + self._origin) * packet.time_base
            self._output.mux(packet)
            if self._copier is not None:
                self._copier.advance(now)

    @property
    def files(self) -> list[Path]:
        return [self._path]

    def commit(self) -> None:
        """Write what the encoder and the source still hold, and give the file its name."""
        if self._last is None:
            raise UsageError(f"{self._path}: there is no frame to write")
        with named_write_errors(self._path):
            self._flush()
            if self._copier is not None:
                end = self._last.pts_seconds + (self._last.duration or 0) * self._last.time_base
                self._copier.finish(end if self._trimmed else None)
            self._output.close()
            if self._copier is not None:
                self._copier.compare(self._temporary)
                self._copier.close()
            put_in_place(self._temporary, self._path)

    def rehearse(self, frame: Frame) -> None:
        """Open every encoder and the container by writing one frame, and the beginning of the sound."""
        self.write(frame)
        with named_write_errors(self._path):
            self._flush()
            if self._copier is not None:
                self._copier.advance(frame.pts_seconds + _REHEARSED)

    def _flush(self) -> None:
        """Write what the encoder still holds."""
        packets = self._stream.encode(None)
        if self._last is self._first:
            # For a film of one frame libx265 leaves the decoding time undefined, and MP4 may refuse it.
            for packet in packets:
                packet.dts = packet.pts
        self._mux(packets)

    def discard(self) -> None:
        """Remove every trace of the output."""
        if self._copier is not None:
            self._copier.close()
        with suppress(av.FFmpegError, OSError):  # What cannot be finished is removed anyway.
            self._output.close()
        self._temporary.unlink(missing_ok=True)


def _mp4_options(time_base: Fraction) -> dict[str, str]:
    """Index first, for players on the net, and starts and lengths as exact as the times of frames."""
    scale = time_base.denominator
    while scale < 10_000:  # as FFmpeg does for the frames
        scale *= 2
    return {"movflags": "+faststart", "movie_timescale": str(scale)}
