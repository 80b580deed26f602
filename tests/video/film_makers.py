"""Makes films with all that films hold beside their pictures, and looks at what became of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.stream import Disposition
from clip_makers import click_times, make_video

from vidstyle.video.reader import open_clip
from vidstyle.video.subtitles import header

MILLI = Fraction(1, 1000)
FONT = b"\0\1\0\0" * 20


def flashing(path: Path, count: int = 75, start: int = 0, **options: Any) -> Path:
    """25 frames per second, dark but for a white one at every whole second, when there is a click too."""
    frames = range(start, start + count)
    pictures = [np.full((64, 96, 3), 20 if index % 25 else 235, np.uint8) for index in frames]
    return make_video(path, pictures=pictures, pts=list(frames), **{"audio": ("aac",)} | options)


def flash_times(path: Path) -> list[float]:
    """When the frames are seen that are rather bright than dark among those of the clip, in seconds."""
    seen = [(float(frame.pts_seconds), _level(frame.pixels)) for frame in open_clip(path).frames()]
    levels = [level for _, level in seen]
    return [time for time, level in seen if level > (min(levels) + max(levels)) / 2]


def _level(pixels: np.ndarray) -> float:
    return float(pixels.mean()) / float(np.iinfo(pixels.dtype).max)


def offsets(path: Path) -> list[float]:
    """Of every flash that has a click within half a second: how much later the click is, in seconds."""
    clicks = np.array(click_times(path))
    nearest = [clicks[np.abs(clicks - time).argmin()] - time for time in flash_times(path)]
    return [float(each) for each in nearest if abs(each) < 0.4]


def sound_span(path: Path) -> tuple[float, float]:
    """When the first audio track begins and ends, in seconds."""
    with av.open(str(path)) as source:
        frames = [(float(frame.time), frame.samples / frame.sample_rate) for frame in source.decode(audio=0)]
    return frames[0][0], sum(frames[-1])


def cover_picture(suffix: str = ".jpg") -> bytes:
    """A small red picture."""
    return bytes(cv2.imencode(suffix, np.full((32, 32, 3), (0, 0, 200), np.uint8))[1].tobytes())


def remux(
    source: Path,
    target: Path,
    *,
    gap: tuple[float, float] = (0, 0),
    shift: Fraction = Fraction(0),
    cover: bytes | None = None,
    attachment: bytes | None = None,
    metadata: dict[str, str] | None = None,
    of_picture: dict[str, str] | None = None,
    chapters: list[tuple[int, int, str]] | None = None,
    bitmaps: bool = False,
) -> Path:
    """Pack the streams of `source` anew, with more beside them.

    gap: seconds without sound. shift: seconds added to all times. chapters: (start ms, end ms, title).
    bitmaps: a track of PGS subtitles, half a second from 0.5 s on.
    """
    with av.open(str(source)) as old, av.open(str(target), "w") as output:
        output.metadata.update(metadata or {})
        output.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": MILLI, "metadata": {"title": title}}
                for number, (start, end, title) in enumerate(chapters or [])
            ]
        )
        streams = [output.add_stream_from_template(stream, opaque=True) for stream in old.streams]
        for stream, template in zip(streams, old.streams, strict=True):
            stream.metadata.update({k: v for k, v in template.metadata.items() if k == "language"})
        streams[0].metadata.update(of_picture or {})
        more = []
        if cover and output.format.name == "matroska":
            png = cover.startswith(b"\x89PNG")
            output.add_attachment(
                *(("cover.png", "image/png") if png else ("cover.jpg", "image/jpeg")), cover
            )
        elif cover:
            codec = "png" if cover.startswith(b"\x89PNG") else "mjpeg"
            more.append((_raw(output, codec, width=32, height=32), cover, 0))
            more[-1][0].disposition = Disposition.attached_pic
        if attachment:
            output.add_attachment("letters.ttf", "font/ttf", attachment)
        if bitmaps:
            more.append((_raw(output, "hdmv_pgs_subtitle"), b"\x16\0\x0b" + bytes(11), 500))
        output.start_encoding()
        for stream, data, time in more:
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.is_keyframe = stream, MILLI, True
            packet.pts = packet.dts = time
            packet.duration = time
            output.mux(packet)
        for packet in old.demux():
            if packet.dts is None or packet.pts is None:
                continue
            if packet.stream.type == "audio" and gap[0] <= packet.pts * packet.time_base < gap[1]:
                continue
            packet.pts += round(shift / packet.time_base)
            packet.dts += round(shift / packet.time_base)
            packet.stream = streams[packet.stream_index]
            output.mux(packet)
    return target


def _raw(output: av.container.OutputContainer, codec: str, **options: Any) -> av.stream.Stream:
    return output.add_mux_stream(codec, time_base=MILLI, **options)


SUBTITLES = {
    "subrip": ("a.mkv", b"<b>Hello</b>"),
    "ass": ("a.mkv", rb"0,0,Default,,0,0,0,,{\b1}Hello"),
    "mov_text": ("a.mp4", b"\0\5Hello"),
    "dvd_subtitle": ("a.mkv", b"\0\x10\0\x0c" + bytes(12)),
}


def subtitled(folder: Path, codec: str) -> Path:
    """A film of 30 frames with a forced German subtitle track, at 0.1 and 0.7 s for 0.3 s."""
    plain, (name, words) = make_video(folder / "plain.mp4", count=30), SUBTITLES[codec]
    with av.open(str(plain)) as old, av.open(str(folder / name), "w") as output:
        video = output.add_stream_from_template(old.streams[0], opaque=True)
        if codec == "dvd_subtitle":
            text = _raw(output, codec)
        else:
            text = output.add_stream(codec)
            text.codec_context.subtitle_header = header()
        text.metadata["language"] = "deu"
        text.disposition = Disposition.forced
        output.start_encoding()
        for start in (100, 700):
            packet = av.Packet(words)
            packet.stream, packet.time_base, packet.is_keyframe = text, MILLI, True
            packet.pts = packet.dts = start
            packet.duration = 300
            output.mux(packet)
        for packet in old.demux():
            if packet.dts is not None:
                packet.stream = video
                output.mux(packet)
    return folder / name


def sounding(path: Path, encoder: str, sound: av.AudioFrame) -> Path:
    """A film of 20 frames of 32x32 pixels whose only sound is this frame, encoded so."""
    plain = make_video(path.parent / "plain.mp4", count=20, size=(32, 32))
    with av.open(str(plain)) as old, av.open(str(path), "w") as output:
        video = output.add_stream_from_template(old.streams.video[0], opaque=True)
        stream = output.add_stream(encoder, rate=sound.sample_rate, layout=sound.layout.name)
        output.start_encoding()
        output.mux(stream.encode(sound))
        output.mux(stream.encode(None))
        for packet in old.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                output.mux(packet)
    return path
