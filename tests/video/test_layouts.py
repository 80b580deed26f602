"""Sound of every layout that FFmpeg names, into codecs that take only some."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from film_makers import sounding
from writing import convert

from vidstyle.video.layouts import fitting_layout, plain_layout, takes

LAYOUTS = [
    *("mono", "stereo", "2.1", "3.0", "3.0(back)", "4.0", "quad", "quad(side)", "3.1", "5.0", "5.0(side)"),
    *("4.1", "5.1", "5.1(side)", "6.0", "6.0(front)", "3.1.2", "hexagonal", "6.1", "6.1(back)", "6.1(front)"),
    *("7.0", "7.0(front)", "7.1", "7.1(wide)", "7.1(wide-side)", "5.1.2", "5.1.2(back)", "octagonal", "cube"),
    *("5.1.4", "7.1.2", "7.1.4", "7.2.3", "9.1.4", "9.1.6", "hexadecagonal", "binaural", "downmix", "22.2"),
    *("FL", "BL+BR", "3 channels", "6 channels"),
]
NEAREST_OF_OPUS = {
    **{"2.1": "5.1", "3.1": "5.1", "4.0": "5.0", "4.1": "5.1", "5.0(side)": "5.0", "5.1(side)": "5.1"},
    **{"quad(side)": "quad", "3.0": "3.0", "5.1": "5.1", "7.1": "7.1", "7.0": "7.1", "7.1.4": "7.1"},
    **{"binaural": "stereo", "3 channels": "5.1", "6 channels": "5.1", "BL+BR": "stereo"},
}


def surround(path: Path, layout: str) -> Path:
    """A film with 0.6 s of PCM in this layout, which begins 0.2 s late: noise in every channel."""
    channels = av.AudioLayout(layout).nb_channels
    noise = np.random.default_rng(0).integers(-3000, 3000, (1, 28800 * channels), np.int16)
    frame = av.AudioFrame.from_ndarray(noise, "s16", layout)
    frame.sample_rate, frame.pts, frame.time_base = 48000, 9600, Fraction(1, 48000)
    return sounding(path, "pcm_s16le", frame)


@pytest.mark.parametrize(("suffix", "codec"), [("webm", "vp9"), ("mp4", "h264")])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_heard(tmp_path: Path, layout: str, suffix: str, codec: str) -> None:
    source = surround(tmp_path / "a.mov", layout)
    with av.open(str(source)) as film:
        known = film.streams.audio[0].codec_context.layout
    _, notices = convert(source, tmp_path / f"b.{suffix}", codec=codec)
    name = "libopus" if suffix == "webm" else "aac"
    with av.open(str(tmp_path / f"b.{suffix}")) as result:
        sound = result.streams.audio[0]
        assert sound.codec_context.layout.nb_channels >= min(known.nb_channels, 4)
        frames = list(result.decode(sound))
        assert float(frames[-1].time) == pytest.approx(0.8, abs=0.06)
    assert any(f"encoded anew as {name}" in line for line in notices)
    fitting = fitting_layout(name, known, 48000)
    assert any(f"in {fitting}, which is nearest" in line for line in notices) == (fitting != known.name)


@pytest.mark.parametrize(("layout", "nearest"), NEAREST_OF_OPUS.items())
def test_the_nearest_layout(layout: str, nearest: str) -> None:
    assert fitting_layout("libopus", av.AudioLayout(layout), 48000) == nearest
    assert takes("libopus", nearest, 48000)


def test_what_an_encoder_takes_stays_as_it_is() -> None:
    for layout in ("7.1(wide)", "5.1(side)", "2.1", "hexagonal"):
        assert fitting_layout("aac", av.AudioLayout(layout), 48000) == layout


def test_more_channels_than_anybody_has_names_for_are_left_out() -> None:
    assert plain_layout(av.AudioLayout("17 channels")) == "17 channels"
    assert fitting_layout("libopus", av.AudioLayout("17 channels"), 48000) is None
