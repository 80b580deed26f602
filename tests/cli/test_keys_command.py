"""vidstyle keys, and colorize with key frames, as commands."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vidstyle.cli import main
from vidstyle.video.pictures import read_picture, write_picture


@pytest.fixture
def clip(pictures: Path, tmp_path: Path) -> Path:
    """Four frames and, of the first, a painting."""
    (tmp_path / "clip").mkdir()
    for index in range(4):
        write_picture(tmp_path / "clip" / f"{index}.png", read_picture(pictures / "clip" / f"{index}.png")[0])
    write_picture(tmp_path / "key.png", 255 - read_picture(pictures / "clip" / "0.png")[0])
    return tmp_path / "clip"


def test_a_key_frame_and_the_clip_follows(clip: Path, thin_weights: Path) -> None:
    words = ["keys", str(clip), "--key", "0=key.png", "-o", "out", "--features", str(thin_weights), "-q"]
    assert main(words) == 0
    assert np.array_equal(read_picture(sorted(Path("out").iterdir())[0])[0], read_picture(Path("key.png"))[0])
    assert main(["resume", "out", "-q"]) == 0 and main(["status", "out"]) == 0


def test_a_grey_film_is_coloured_by_a_key_frame(clip: Path, thin_weights: Path) -> None:
    words = ["colorize", str(clip), "--key", "0=key.png", "-o", "out", "--features", str(thin_weights), "-q"]
    assert main(words) == 0
    light = np.tensordot(
        [0.299, 0.587, 0.114], read_picture(sorted(Path("out").iterdir())[2])[0].astype(float), 1
    )
    filmed = np.tensordot([0.299, 0.587, 0.114], read_picture(clip / "2.png")[0].astype(float), 1)
    assert np.abs(light - filmed).mean() < 8  # colours that no screen has are clipped


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("keys clip", "give the frames that are painted"),
        ("keys clip --key key.png", "takes FRAME=PICTURE"),
        ("keys clip --key 9=key.png", "no frame numbered 9"),
        ("keys clip --key 0=gone.png", "does not exist"),
        ("keys clip --keys clip/0.png", "is no folder"),
        ("keys clip --key 0=key.png --every 2", "--every is for --keys"),
        ("colorize clip key.png --key 0=key.png", "takes the place of an exemplar"),
        ("colorize clip --key 0=key.png --refine", "--refine does nothing with --key"),
        ("colorize clip --key 0=key.png --passes 2", "--passes does nothing with --key"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(
    clip: Path, thin_weights: Path, capsys: pytest.CaptureFixture[str], words: str, line: str
) -> None:
    assert main([*words.split(), "-o", "out", "--features", str(thin_weights)]) in (1, 2)
    err = capsys.readouterr().err
    assert line in err and "Traceback" not in err
    assert not Path("out").exists()
