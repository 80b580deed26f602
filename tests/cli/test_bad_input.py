"""What users get wrong, through the whole program: one line that names the thing, and an exit code."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from vidstyle.cli import main


@pytest.fixture
def here(tmp_path: Path, cache: Path, pictures: Path, samples: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with files that are not what they seem."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIDSTYLE_DEBUG", raising=False)
    monkeypatch.setenv("VIDSTYLE_OFFLINE", "1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("VIDSTYLE_CACHE", str(cache))
    (tmp_path / "clip").symlink_to(pictures / "clip")
    (tmp_path / "style.png").symlink_to(pictures / "style.png")
    (tmp_path / "text.mp4").write_text("this is no film\n" * 100)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "cut.mp4").write_bytes((samples / "valley.mp4").read_bytes()[:2000])
    (tmp_path / "cut.png").write_bytes((pictures / "style.png").read_bytes()[:100])
    (tmp_path / "bare").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "diary.txt").write_text("precious")
    with wave.open(str(tmp_path / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(8000))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ("gone.mp4 style.png -o o.mp4", 1, ["gone.mp4"]),
        ("text.mp4 style.png -o o.mp4", 1, ["text.mp4"]),
        ("http://host/x.mp4 style.png -o o.mp4", 1, ["http://host/x.mp4", "nothing is read from the net"]),
        ("clip https://host/x.jpg -o o.mp4", 1, ["https://host/x.jpg", "download it"]),
        ("- style.png -o o.mp4", 1, ["- stands for the standard input", "write it to a file"]),
        ("empty.mp4 style.png -o o.mp4", 1, ["empty.mp4"]),
        ("cut.mp4 style.png -o o.mp4", 1, ["cut.mp4"]),
        ("sound.wav style.png -o o.mp4", 1, ["sound.wav"]),
        ("bare style.png -o o.mp4", 1, ["bare"]),
        ("%04d.png style.png -o o.mp4", 1, ["%04d.png"]),
        ("clip gone.png -o o.mp4", 1, ["gone.png"]),
        ("clip text.mp4 -o o.mp4", 1, ["text.mp4"]),
        ("clip cut.png -o o.mp4", 1, ["cut.png"]),
        ("clip bare -o o.mp4", 1, ["bare"]),
        ("clip style.png -o nowhere/o.mp4", 1, ["nowhere"]),
        ("clip style.png -o o.xyz", None, ["o.xyz"]),
        ("clip style.png -o mine", 1, ["mine"]),
        ("clip style.png -o style.png", None, ["style.png"]),
        ("clip style.png -o o.mp4 --job mine", 1, ["mine"]),
        ("clip style.png -o o.mp4 --job style.png", 1, ["style.png"]),
        ("clip style.png -o o.mp4 --codec divx", 2, ["--codec", "divx"]),
        ("clip style.png -o o.mp4 --codec prores", None, ["prores"]),
        ("clip style.png -o o.mp4 --crf 900", None, ["crf"]),
        ("clip style.png -o o.mp4 --bit-depth 7", None, ["7"]),
        ("clip style.png -o o.mp4 --size 2", 2, ["--size", "2"]),
        ("clip style.png -o o.mp4 --size 1000000", 2, ["--size 1000000"]),
        ("clip style.png -o o.mp4 --frames 5:2", 2, ["--frames", "5:2"]),
        ("clip style.png -o o.mp4 --frames 99:", 1, ["99:"]),
        ("clip style.png -o o.mp4 --fps fast", 2, ["--fps", "fast"]),
        ("clip style.png -o o.mp4 --flow psychic", 2, ["--flow", "psychic"]),
        ("clip style.png -o o.mp4 --flow raft --flow-weights text.mp4", 1, ["text.mp4"]),
        ("clip style.png -o o.mp4 --flow dis --flow-weights text.mp4", 2, ["--flow-weights", "dis"]),
        ("clip style.png -o o.mp4 --flow-dir gone", 1, ["gone"]),
        ("clip style.png -o o.mp4 --flow-dir bare", 1, ["bare/backward_1_0.flo", "vidstyle flow"]),
        ("clip style.png -o o.mp4 --flow-dir f_{target}.flo", 2, ["--flow-dir f_{target}.flo", "{source}"]),
        ("clip style.png -o o.mp4 --flow-dir bare --flow-size 32", 2, ["--flow-size"]),
        ("clip style.png -o o.mp4 --trust-dilate -1", 2, ["--trust-dilate", "-1"]),
        ("clip style.png -o o.mp4 --features gone.pth", 1, ["gone.pth"]),
        ("clip style.png -o o.mp4 --features text.mp4", 1, ["text.mp4"]),
        ("clip style.png -o o.mp4 --features torchvision", 1, ["VGG-19", "VIDSTYLE_OFFLINE"]),
        ("clip style.png -o o.mp4 --init gone.png", 1, ["gone.png"]),
        ("clip style.png -o o.mp4 --style-layers relu9_9", 2, ["relu9_9"]),
        ("clip style.png -o o.mp4 --style-layers relu5_1", None, ["relu5_1"]),
        ("clip style.png -o o.mp4 --layer-weights 1,2", 2, ["--layer-weights"]),
        ("clip style.png -o o.mp4 --blend 1,2", 2, ["--blend"]),
        ("clip style.png -o o.mp4 --labels style.png", 2, ["--labels", "--style-labels"]),
        ("clip style.png -o o.mp4 --labels gone.png --label-styles red=1", 1, ["gone.png"]),
        ("clip style.png -o o.mp4 --labels style.png --label-styles rde=1", 2, ["--label-styles", "rde=1"]),
        ("clip style.png -o o.mp4 --labels style.png --label-styles red=2", 2, ["red=2"]),
        ("clip style.png -o o.mp4 --labels style.png --style-labels style.png,style.png", 2, ["2 maps"]),
        ("clip style.png -o o.mp4 --mask gone.png", 1, ["gone.png"]),
        ("clip style.png -o o.mp4 --mask text.mp4", 1, ["text.mp4"]),
        ("clip style.png -o o.mp4 --mask-feather -1", 2, ["--mask-feather", "-1"]),
    ],
)
def test_one_line_that_names_the_thing(
    here: Path,
    thin_weights: Path,
    arguments: str,
    code: int | None,
    words: list[str] | None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    given = ["style", *arguments.split(), "--quiet", "--size", "48", "--device", "cpu"]
    if "--size" in arguments:
        del given[given.index("48") - 1 : given.index("48") + 1]
    if "--features" not in arguments:
        given += ["--features", str(thin_weights)]
    result = main(given)
    out, err = capfd.readouterr()
    assert out == ""
    assert result in ((1, 2) if code is None else (code,))
    assert err.startswith("vidstyle: ") and err.endswith("\n") and err.count("\n") == 1
    for word in words or []:
        assert word in err
    assert (here / "mine" / "diary.txt").read_text() == "precious"
