"""What would be refused when the result is written is refused when it is planned; nothing is left of that."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from clip_makers import make_video
from film_makers import cover_picture, remux, sounding, subtitled
from test_layouts import surround

from vidstyle.errors import OutputError
from vidstyle.video import streams
from vidstyle.video.formats import CODECS, CONTAINERS, container_of
from vidstyle.video.reader import open_clip
from vidstyle.video.writer import rehearse


def everything(folder: Path) -> Path:
    plain = make_video(folder / "plain.mp4", audio=("aac", "libopus"))
    chapters = [(0, 200, "one"), (200, 480, "two")]
    return remux(plain, folder / "a.mkv", cover=cover_picture(), attachment=b"font", chapters=chapters)


FITTING = [
    (suffix, name, depth)
    for suffix in CONTAINERS
    for name, codec in CODECS.items()
    if container_of(Path(f"a{suffix}")) in codec.containers
    for depth in codec.pix_fmts
]


@pytest.mark.parametrize(("suffix", "codec", "depth"), FITTING)
def test_every_codec_in_every_container_with_all_that_a_film_holds(
    tmp_path: Path, suffix: str, codec: str, depth: int
) -> None:
    clip = open_clip(everything(tmp_path))
    before = sorted(tmp_path.iterdir())
    rehearse(tmp_path / f"b{suffix}", clip, width=63, height=47, codec=codec, bit_depth=depth)
    assert sorted(tmp_path.iterdir()) == before and not clip.notices


@pytest.mark.parametrize("codec", ["h265", "av1"])
def test_a_size_that_an_encoder_refuses(
    tmp_path: Path, codec: str, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4"))
    with pytest.raises(OutputError, match=r"b\.mp4 cannot be written: .* trial at 1x1 .*--codec"):
        rehearse(tmp_path / "b.mp4", clip, width=1, height=1, codec=codec)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.mp4"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "most"), [("b.webp", 16383), ("b.%04d.jpg", 65500), ("b.GIF", 65535)])
def test_a_size_that_a_picture_cannot_have(tmp_path: Path, name: str, most: int) -> None:
    clip = open_clip(make_video(tmp_path / "a.mp4"))
    rehearse(tmp_path / name, clip, width=most, height=16)
    with pytest.raises(OutputError, match=f"no more than {most} pixels a side.*--size"):
        rehearse(tmp_path / name, clip, width=16, height=most + 1)


def test_sound_that_an_encoder_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = open_clip(surround(tmp_path / "a.mov", "5.1(side)"))
    rehearse(tmp_path / "b.webm", clip, width=64, height=48, codec="vp9")
    monkeypatch.setattr(streams, "fitting_layout", lambda codec, layout, rate: layout.name)
    with pytest.raises(OutputError, match="as a trial"):
        rehearse(tmp_path / "b.webm", clip, width=64, height=48, codec="vp9")


@pytest.mark.parametrize("codec", ["subrip", "ass", "mov_text", "dvd_subtitle"])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_subtitles(tmp_path: Path, codec: str, suffix: str) -> None:
    clip = open_clip(subtitled(tmp_path, codec))
    rehearse(tmp_path / f"b{suffix}", clip, width=64, height=48, codec="vp9" if suffix == ".webm" else "h264")


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 96000, 192000])
@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_rates_of_sound(tmp_path: Path, rate: int, suffix: str) -> None:
    frame = av.AudioFrame(format="s32", layout="stereo", samples=rate // 2)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    clip = open_clip(sounding(tmp_path / "a.mov", "pcm_s24le", frame))
    rehearse(tmp_path / f"b{suffix}", clip, width=64, height=48, codec="vp9" if suffix == ".webm" else "h264")
