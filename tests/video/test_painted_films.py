"""Films with everything in them, painted with a thin network: what is beside the picture comes through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clip_makers import click_times, make_video, write_image
from film_makers import FONT, cover_picture, flash_times, remux, sound_span

import vidstyle
from tests.pipeline.painting import StopWhileEncoding, noise, stopped
from vidstyle.cli import main
from vidstyle.pipeline import resume


@pytest.fixture
def film(alone: None, tmp_path: Path) -> Path:
    """Bright from 1 s on, with a click; two chapters, a cover, a font, a timecode and titles."""
    noise(tmp_path / "style.png")
    # Of which only the left is painted: so much more light stays visible.
    mask = np.zeros((32, 48, 3), np.uint8)
    mask[:, :12] = 255
    write_image(tmp_path / "mask.png", mask)
    pictures = [np.full((32, 48, 3), 20 if index < 25 else 235, np.uint8) for index in range(32)]
    options: dict[str, Any] = {"size": (48, 32), "audio": ("aac",), "languages": ("fra",)}
    return remux(
        make_video(tmp_path / "plain.mp4", pictures=pictures, pts=list(range(32)), **options),
        tmp_path / "film.mkv",
        cover=cover_picture(),
        attachment=FONT,
        chapters=[(0, 800, "One"), (800, 1280, "Two")],
        metadata={"title": "A walk", "mood": "blue"},
        of_picture={"timecode": "00:00:10:00"},
    )


def arguments(film: Path, output: str, weights: Path, *more: str) -> list[str]:
    quick = ["--steps=2", "--next-steps=1", "--precision=float32", "--device=cpu", f"--features={weights}"]
    return ["style", str(film), "style.png", "-o", output, "--mask=mask.png", *quick, *more]


def what_is_there(path: Path) -> dict[str, object]:
    with av.open(str(path)) as source:
        picture = {key.lower(): value for key, value in source.streams.video[0].metadata.items()}
        return {
            "streams": [
                (each.type, each.codec_context.name if each.codec_context else "") for each in source.streams
            ],
            "title": source.metadata.get("title"),
            "language": source.streams.audio[0].language,
            "timecode": picture.get("timecode"),
            "chapters": [(chapter["metadata"]["title"]) for chapter in source.chapters()],
        }


def test_through_the_command_line(film: Path, thin_weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start, end = sound_span(film)
    assert main(arguments(film, "whole.mkv", thin_weights, "--keep")) == 0
    whole = Path("whole.mkv")
    assert what_is_there(whole) == what_is_there(film)
    assert flash_times(whole) == pytest.approx(flash_times(film), abs=0.001)
    assert click_times(whole) == pytest.approx(click_times(film), abs=0.001)
    assert sound_span(whole) == pytest.approx((start, end), abs=0.04)

    capsys.readouterr()
    assert main(arguments(film, "part.mp4", thin_weights, "--frames", "5:30")) == 0
    notices = capsys.readouterr().err
    assert "attachment letters.ttf is left out: mp4 cannot hold it" in notices
    assert "mp4 has no place for the metadata MOOD" in notices
    part = Path("part.mp4")
    assert what_is_there(part)["chapters"] == ["One", "Two"]
    assert what_is_there(part)["timecode"] == "00:00:10:05"
    assert flash_times(part)[0] == pytest.approx(0.8, abs=0.001)
    assert click_times(part) == pytest.approx([0.3, 0.8], abs=0.002)


def test_resumed_while_writing_it_is_the_same_file(film: Path, thin_weights: Path) -> None:
    settings: dict[str, Any] = {"steps": 2, "next_steps": 1, "precision": "float32", "frames": "4:12"}
    settings["features"] = str(thin_weights)
    whole = vidstyle.stylize(film, "style.png", "whole.mp4", **settings)
    stopped(vidstyle.stylize, StopWhileEncoding(), film, "style.png", "parts.mp4", **settings)
    assert resume(Path("parts.mp4.vidstyle")).read_bytes() == whole.read_bytes()
