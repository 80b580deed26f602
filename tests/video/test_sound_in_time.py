"""Sound and picture stay together: clicks are heard when flashes are seen, whatever the file is like."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clip_makers import click_times
from film_makers import flash_times, flashing, offsets, remux, sound_span
from writing import convert, times

FRAME = 0.04  # seconds
CODECS = {"mp4": "h264", "mov": "h264", "mkv": "h264", "webm": "vp9"}


def film(folder: Path, kind: str) -> Path:
    """One of many unusual films, by name."""
    name, suffix = kind.split(".")
    path = folder / kind
    if name == "late":
        return flashing(path, audio_start=33600)
    if name == "short":
        return flashing(path, audio_seconds=1.3)
    if name == "long":
        return flashing(path, audio_seconds=5.2)
    if name == "picture_late":
        return flashing(path, 63, 12, audio_seconds=3)
    if name == "b_frames":
        return flashing(path, options={"bf": "3", "g": "12", "x264-params": "open-gop=1"})
    if name in ("mp3", "flac", "pcm_s16le", "opus", "ac3"):
        return flashing(path, audio=({"mp3": "libmp3lame", "opus": "libopus"}.get(name, name),))
    sound = "pcm_s16le" if suffix == "mov" else "aac"
    plain = flashing(folder / f"plain.{suffix if suffix == 'mov' else 'mp4'}", audio=(sound,))
    if name == "gap":
        return remux(plain, path, gap=(1.2, 1.7))
    if name in ("cut_by_edit_list", "later"):
        return remux(plain, path, shift={"later": Fraction(90), "cut_by_edit_list": Fraction(-13, 25)}[name])
    assert name == "plain"
    return plain if path == plain else remux(plain, path)


FILMS = [
    *("plain.mp4", "plain.mkv", "plain.ts", "plain.flv", "b_frames.mp4", "mp3.mp4", "flac.mkv"),
    *("pcm_s16le.mov", "opus.mp4", "opus.mkv", "ac3.ts", "late.mp4", "late.mkv", "late.ts", "short.mp4"),
    *("long.mp4", "picture_late.mp4", "picture_late.mkv", "gap.mp4", "gap.ts", "gap.mov"),
    *("cut_by_edit_list.mp4", "later.mp4"),
]
SIMPLE = {"plain.ts", "opus.mp4", "late.mkv", "late.ts", "long.mp4", "gap.mov", "later.mp4"}


@pytest.mark.parametrize("name", FILMS)
def test_clicks_and_flashes(tmp_path: Path, name: str) -> None:
    source = film(tmp_path, name)
    seen, heard = flash_times(source), click_times(source)
    assert len(offsets(source)) >= 2
    assert max(map(abs, offsets(source))) < 0.002
    start, end = sound_span(source)
    for suffix, codec in CODECS.items():
        target = tmp_path / f"result.{suffix}"
        convert(source, target, codec=codec)
        assert flash_times(target) == pytest.approx(seen, abs=0.0011)
        assert click_times(target) == pytest.approx(heard, abs=0.0021)
        assert sound_span(target) == pytest.approx((start, end), abs=FRAME)


@pytest.mark.parametrize("codec", ["aac", "libmp3lame"])
def test_copied_to_matroska_every_sample_is_heard(tmp_path: Path, codec: str) -> None:
    source = flashing(tmp_path / "a.mp4", audio=(codec,))
    convert(source, tmp_path / "b.mkv", codec="h264")
    (before, early), (after, late) = (_samples(path) for path in (source, tmp_path / "b.mkv"))
    assert early < 0 and late == pytest.approx(early, abs=0.001)
    assert np.array_equal(before, after)
    assert times(tmp_path / "b.mkv")[0][0] == times(source)[0][0]


def _samples(path: Path) -> tuple[np.ndarray, float]:
    """The sound of a film, and when its first packet begins, in seconds."""
    with av.open(str(path)) as film:
        heard = np.concatenate([frame.to_ndarray() for frame in film.decode(audio=0)], axis=1)
    with av.open(str(path)) as film:
        packet = next(film.demux(audio=0))
        return heard, float((packet.pts or 0) * packet.time_base)


@pytest.mark.parametrize("name", [name for name in FILMS if name not in SIMPLE])
def test_clicks_and_flashes_of_a_range(tmp_path: Path, name: str) -> None:
    source = film(tmp_path, name)
    begin, end = (float(times(source)[index][0]) for index in (10, 55))
    seen = [time - begin for time in flash_times(source) if begin <= time < end]
    heard = [time - begin for time in click_times(source) if begin <= time < end]
    start, finish = (min(max(time - begin, 0), end - begin) for time in sound_span(source))
    for suffix in ("mp4", "mkv", "webm"):
        target = tmp_path / f"result.{suffix}"
        convert(source, target, codec=CODECS[suffix], start=10, stop=55)
        assert flash_times(target) == pytest.approx(seen, abs=0.0011)
        assert click_times(target) == pytest.approx(heard, abs=0.0021)
        assert sound_span(target) == pytest.approx((start, finish), abs=FRAME)


def test_sound_encoded_anew_has_silence_where_there_was_none(tmp_path: Path) -> None:
    """A player that counts samples, as QuickTime does, stays in time as well."""
    source = film(tmp_path, "gap.mp4")
    convert(source, tmp_path / "b.webm", codec="vp9")
    with av.open(str(tmp_path / "b.webm")) as result:
        samples = sum(frame.samples for frame in result.decode(audio=0))
    assert samples / 48000 == pytest.approx(3, abs=FRAME)


def test_a_change_of_the_sound_on_the_way(tmp_path: Path) -> None:
    """From stereo to one channel at another rate, as broadcasts do."""
    stereo, source = film(tmp_path, "ac3.ts"), tmp_path / "a.ts"
    with av.open(str(stereo)) as old, av.open(str(source), "w") as output:
        streams = [output.add_stream_from_template(stream, opaque=True) for stream in old.streams]
        for packet in old.demux():
            if packet.pts is not None and (packet.stream.type == "video" or packet.pts < 90000):
                packet.stream = streams[packet.stream_index]
                output.mux(packet)
        for packet in _mono_ac3(2):
            packet.stream = streams[1]
            output.mux(packet)
    target = tmp_path / "b.webm"
    convert(source, target, codec="vp9")
    assert sound_span(target)[1] == pytest.approx(sound_span(source)[1], abs=FRAME)
    assert [time for time in click_times(target) if time < 1] == pytest.approx([0.08, 0.58], abs=0.002)


def _mono_ac3(begin: int) -> list[av.Packet]:
    """A second of silence at 32 kHz from `begin` seconds on."""
    encoder = av.AudioCodecContext.create("ac3", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 32000, "mono", "fltp"
    encoder.time_base = Fraction(1, 32000)
    packets = []
    for number in range(20):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1536), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 32000, begin * 32000 + number * 1536
        packets += encoder.encode(frame)
    return packets
