"""What users get wrong, through the whole program: one line that names the thing, and an exit code."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vidstyle.video.pictures import write_picture


@pytest.fixture
def here(odd_files: Path, samples: Path) -> Path:
    """The current directory, with broken clips, sound alone, and pictures that are no maps of this clip."""
    (odd_files / "empty.mp4").touch()
    (odd_files / "cut.mp4").write_bytes((samples / "valley.mp4").read_bytes()[:2000])
    (odd_files / "cut.png").write_bytes((odd_files / "style.png").read_bytes()[:100])
    with wave.open(str(odd_files / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    noise = np.random.default_rng(0).integers(0, 255, (3, 32, 48), np.uint8)
    green = np.zeros((3, 32, 48), np.uint8)
    green[1] = 255
    for name, pixels in {
        "noise": noise,
        "green": green,
        "black": 0 * green,
        "tall": noise[:, :, :20],
    }.items():
        write_picture(odd_files / f"{name}.png", pixels)
    return odd_files


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("gone.mp4 style.png -o o.mp4", 1, "gone.mp4"),
        ("text.mp4 style.png -o o.mp4", 1, "text.mp4"),
        ("http://host/x.mp4 style.png -o o.mp4", 1, ["http://host/x.mp4", "nothing is read from the net"]),
        ("clip https://host/x.jpg -o o.mp4", 1, ["https://host/x.jpg", "download it"]),
        ("https://host/%04d.png style.png -o o.mp4", 1, ["https://host/%04d.png is an address"]),
        ("file:///x/y.mp4 style.png -o o.mp4", 1, ["file:///x/y.mp4 is an address", "give /x/y.mp4"]),
        ("clip style.png -o https://host/o.mp4", 2, ["https://host/o.mp4 is an address"]),
        ("- style.png -o o.mp4", 1, ["- stands for the standard input", "write it to a file"]),
        ("empty.mp4 style.png -o o.mp4", 1, "empty.mp4"),
        ("cut.mp4 style.png -o o.mp4", 1, "cut.mp4"),
        ("sound.wav style.png -o o.mp4", 1, "sound.wav"),
        ("bare style.png -o o.mp4", 1, "bare"),
        ("%04d.png style.png -o o.mp4", 1, "%04d.png"),
        ("clip gone.png -o o.mp4", 1, "gone.png"),
        ("clip text.mp4 -o o.mp4", 1, "text.mp4"),
        ("clip cut.png -o o.mp4", 1, "cut.png"),
        ("clip bare -o o.mp4", 1, "bare"),
        ("clip style.png -o nowhere/o.mp4", 1, "nowhere"),
        ("clip style.png -o o.xyz", 2, "o.xyz"),
        ("clip style.png -o mine", 1, "mine"),
        ("clip style.png -o style.png", 2, "style.png"),
        ("--job mine", 1, "mine"),
        ("--job style.png", 1, "style.png"),
        ("--codec divx", 2, ["--codec", "divx"]),
        ("--codec prores", 2, "cannot hold prores"),
        ("--crf 900", 2, "crf"),
        ("--bit-depth 7", 2, "7"),
        ("--size 2", 2, ["--size", "2"]),
        ("--size 1000000", 2, "--size 1000000 is too large"),
        ("--frames 5:2", 2, ["--frames takes A:B", "5:2"]),
        ("--frames x", 2, "--frames takes A:B"),
        ("--frames 99:", 1, "99:"),
        ("--fps fast", 2, ["--fps must be a rate", "fast"]),
        ("--flow psychic", 2, ["--flow must be one of auto, dis", "psychic"]),
        ("--flow raft --flow-weights text.mp4", 1, "text.mp4"),
        ("--flow dis --flow-weights text.mp4", 2, ["--flow-weights", "dis"]),
        ("--flow-dir gone", 1, "gone"),
        ("--flow-dir bare", 1, ["bare/backward_1_0.flo", "vidstyle flow"]),
        ("--flow-dir f_{target}.flo", 2, ["--flow-dir f_{target}.flo", "{source}"]),
        ("--flow-dir bare --flow-size 32", 2, "--flow-size is for estimating flow"),
        ("--trust-dilate -1", 2, ["--trust-dilate", "-1"]),
        ("--features gone.pth", 1, "gone.pth"),
        ("--features text.mp4", 1, "text.mp4"),
        ("--features torchvision", 1, ["VGG-19", "VIDSTYLE_OFFLINE"]),
        ("--init gone.png", 1, "gone.png"),
        ("--style-layers relu9_9", 2, "relu9_9"),
        ("--style-layers relu5_1", 2, "'relu5_1' is not in these features"),
        ("--layer-weights 1,2", 2, "--layer-weights has 2 weights for"),
        ("--blend 0", 2, "--blend needs at least one weight above 0"),
        ("--blend 1,2", 2, "--blend has 2 weights for 1 style pictures"),
        ("--labels style.png", 2, "--labels needs --style-labels"),
        ("--style-labels style.png", 2, "--style-labels needs --labels"),
        ("--labels gone.png --label-styles red=1", 1, "gone.png"),
        ("--labels text.mp4 --label-styles red=1", 1, "text.mp4"),
        ("--labels style.png --label-styles rde=1", 2, ["--label-styles", "rde=1"]),
        ("--labels style.png --label-styles red=2", 2, "red=2: 1 style pictures"),
        ("--labels style.png --style-labels style.png,style.png", 2, "2 maps for 1"),
        ("--labels style.png --style-labels style.png --label-styles red=1", 2, "exclude each other"),
        ("--labels noise.png --style-labels style.png", 1, "it has too many colours"),
        (
            "--labels green.png --style-labels black.png",
            1,
            "no colour in common with the style: #00ff00 against",
        ),
        ("--labels tall.png --style-labels black.png", 1, "tall.png is 20x32 and "),
        ("--labels style.png --style-labels style.png --independent", 2, "give one map for every frame"),
        ("--mask gone.png", 1, "gone.png"),
        ("--mask text.mp4", 1, "text.mp4"),
        ("--mask black.png", 1, "black all over"),
        ("--mask tall.png", 1, "--mask tall.png is 20x32"),
        ("--mask-feather -1", 2, ["--mask-feather", "-1"]),
    ],
)
def test_one_line_that_names_the_thing_before_anything_is_painted(
    here: Path,
    thin_weights: Path,
    refused: Callable[..., None],
    arguments: str,
    code: int,
    words: str | list[str],
) -> None:
    sound = ["clip", "style.png", "-o", "o.mp4"] if arguments.startswith("--") else []
    given = ["style", *sound, *arguments.split(), "--quiet", "--device", "cpu"]
    if "--size" not in arguments:
        given += ["--size", "48"]
    if "--features" not in arguments:
        given += ["--features", str(thin_weights)]
    refused(code, words, *given)
    assert not [*here.glob("o.*")]
    assert (here / "mine" / "diary.txt").read_text() == "precious"
