"""Makes the clips that the tests of reading and writing need."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from vidstyle.video.subtitles import header


def scene(width: int, height: int, index: int, seed: int = 0) -> np.ndarray:
    """uint8 (H, W, 3): smooth colours that move a little with each frame."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    phase = 0.15 * index + seed
    waves = [np.sin(x / 17 + phase + k) * np.cos(y / 13 - phase + 2 * k) for k in range(3)]
    return (127.5 + 100 * np.stack(waves, axis=-1)).astype(np.uint8)


def make_video(
    path: Path,
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    size: tuple[int, int] = (96, 64),
    pts: list[int] | None = None,
    count: int = 12,
    time_base: Fraction = Fraction(1, 25),
    rate: Fraction = Fraction(25),
    options: dict[str, str] | None = None,
    tags: tuple[int, int] | None = None,
    aspect: Fraction | None = None,
    rotation: float | None = None,
    hflip: bool = False,
    audio: tuple[str, ...] = (),
    audio_start: int = 0,
    audio_seconds: float | None = None,
    languages: tuple[str, ...] = (),
    subtitles: list[tuple[int, int, str]] | None = None,
    pictures: list[np.ndarray] | None = None,
) -> Path:
    """A video with moving colours; audio streams hold clicks at every half second.

    tags: (matrix, range) of the stream and of the conversion from RGB.
    audio_start: in samples at 48 kHz. subtitles: (start ms, duration ms, text).
    """
    pts = pts if pts is not None else list(range(count))
    with av.open(str(path), "w") as output:
        video = output.add_stream(codec, rate=rate, options=options or {})
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        video.codec_context.time_base = video.time_base = time_base
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if tags:
            video.codec_context.colorspace, video.codec_context.color_range = tags
        if rotation is not None:
            video.set_display_rotation(rotation, hflip=hflip)
        sounds = [output.add_stream(name, rate=48000, layout="stereo") for name in audio]
        for stream, language in zip(sounds, languages, strict=False):
            stream.metadata["language"] = language
        text = output.add_stream("subrip") if subtitles else None
        if text:
            text.codec_context.subtitle_header = header()
        output.start_encoding()
        if text:
            output.mux(_texts(text, subtitles or []))
        length = audio_seconds if audio_seconds is not None else float(len(pts) * 1 / rate)
        for stream in sounds:
            output.mux(_sound(stream, audio_start, round(length * 48000)))
        for index, time in enumerate(pts):
            rgb = pictures[index] if pictures else scene(*size, index)
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            matrix, range_ = tags or (6, 1)
            frame = frame.reformat(format=pix_fmt, dst_colorspace=matrix, dst_color_range=range_)
            frame.pts, frame.time_base = time, time_base
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
    return path


def _texts(stream: av.subtitles.stream.SubtitleStream, texts: list[tuple[int, int, str]]) -> list[av.Packet]:
    packets = []
    for start, duration, words in texts:
        packet = av.Packet(words.encode())
        packet.stream, packet.time_base = stream, Fraction(1, 1000)
        packet.pts = packet.dts = start
        packet.duration = duration
        packets.append(packet)
    return packets


def clicks(start: int, count: int) -> np.ndarray:
    """int16 (count,) at 48 kHz, from sample `start` on: silence with 5 ms of tone at every half second."""
    time = np.arange(start, start + count)
    return np.where(time % 24000 < 240, 20000 * np.sin(time * 0.3), 0).astype(np.int16)


def _sound(stream: av.AudioStream, start: int, count: int) -> list[av.Packet]:
    context = stream.codec_context
    resampler = av.AudioResampler(context.format, context.layout, 48000, context.frame_size or 1000)
    mono = clicks(start, count)
    frame = av.AudioFrame.from_ndarray(np.repeat(mono, 2)[None], format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
    packets = []
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        packets += stream.encode(part)
    return packets + stream.encode(None)


def click_times(path: Path, track: int = 0) -> list[float]:
    """When the clicks of an audio track are heard, in seconds."""
    times: list[float] = []
    with av.open(str(path)) as source:
        resampler = av.AudioResampler("fltp", "mono", 48000)
        for frame in source.decode(audio=track):
            for part in resampler.resample(frame):
                loud = np.flatnonzero(np.abs(part.to_ndarray()[0]) > 0.15)
                first = float(part.pts * part.time_base)
                for sample in loud:
                    time = first + sample / 48000
                    if not times or time - times[-1] > 0.1:
                        times.append(time)
    return times


def packets(path: Path, kind: str, track: int = 0) -> list[bytes]:
    """The packets of one stream, as bytes."""
    with av.open(str(path)) as source:
        stream = [stream for stream in source.streams if stream.type == kind][track]
        return [bytes(packet) for packet in source.demux(stream) if packet.size]


def write_image(path: Path, image: np.ndarray) -> Path:
    """Write an OpenCV picture (BGR order)."""
    done, data = cv2.imencode(path.suffix, image)
    assert done
    path.write_bytes(data.tobytes())
    return path


def random_pixels(dtype: type = np.uint8, channels: int = 3, size: tuple[int, int] = (11, 17)) -> np.ndarray:
    """Noise over the whole range of an integer type, (channels, *size); the same every time."""
    random = np.random.default_rng(0)
    return random.integers(0, np.iinfo(dtype).max, (channels, *size), dtype=dtype, endpoint=True)
