"""The whole path of training the looks that ship, at a tiny size, and going on with it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
sys.path.insert(0, str(SCRIPTS))

import train_student  # noqa: E402

from vidstyle.looks.look import read_look  # noqa: E402


@pytest.mark.usefixtures("alone")
def test_it_writes_a_base_and_a_look_of_each_style_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], samples: Path
) -> None:
    photos, looks = Path("photos"), Path("looks")
    photos.mkdir()
    shutil.copy(train_student.OURS[0], photos / "one.jpg")
    monkeypatch.setattr(train_student, "STYLES", [samples / "strokes.jpg", samples / "woodcut.jpg"])
    monkeypatch.setattr(train_student, "OURS", train_student.OURS[1:2])
    monkeypatch.setattr(train_student, "SIZE", 64)
    monkeypatch.setattr(train_student, "LOOKS", looks)
    command = ["train_student.py", "photos", "--work", "work", "--count", "1", "--more", "1"]
    monkeypatch.setattr(sys, "argv", [*command, "--steps", "4", "--alone", "1"])
    train_student.main()
    assert {path.stem for path in looks.iterdir()} == {"base", "strokes", "woodcut"}
    for path in looks.iterdir():
        look = read_look(path)
        assert look.size == 64 and look.made["styles"]
    assert read_look(looks / "strokes.safetensors").digest != read_look(looks / "woodcut.safetensors").digest
    before = {path: path.read_bytes() for path in (*looks.iterdir(), *Path("work").glob("*.png"))}
    capsys.readouterr()
    train_student.main()
    assert all(path.read_bytes() == found for path, found in before.items())
    assert "4 of 4" not in capsys.readouterr().out
