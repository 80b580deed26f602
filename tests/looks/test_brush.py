"""A look at work: by itself, larger, and as what the optimiser starts from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.methods.student.small import TINY
from vidstyle.cli import main
from vidstyle.image.colour import palette
from vidstyle.image.convert import to_uint8
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import Look, look_of, read_look, write_look
from vidstyle.looks.network import Student
from vidstyle.looks.noise import no_drift
from vidstyle.looks.recolouring import colours_after, palette_of, recoloured
from vidstyle.methods.student.painter import StudentPainter
from vidstyle.types import Prior
from vidstyle.video.pictures import write_picture

CPU = torch.device("cpu")


def picture(height: int = 48, width: int = 64, seed: int = 0) -> torch.Tensor:
    coarse = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")[0].clamp(0, 1)


def look(flow: bool = True, size: int = 320) -> Look:
    torch.manual_seed(3)
    return look_of(Student(TINY), [picture(seed=5)], {}, flow=flow, size=size)


def painted(brush: Brush, frame: torch.Tensor, drift: torch.Tensor | None = None) -> torch.Tensor:
    here = no_drift(frame.shape[1], frame.shape[2], CPU) if drift is None else drift
    return brush.new(frame, here, colours_after(None, frame))


def test_a_frame_is_seen_in_the_colours_of_the_style() -> None:
    style, frame = picture(seed=1), 0.3 + 0.4 * picture(seed=2)
    found = palette(recoloured(frame, palette_of([style])))
    assert torch.allclose(found[:, 0], palette(style)[:, 0], atol=0.03)
    assert float(found[:, 1:].trace()) > 0.5 * float(palette(style)[:, 1:].trace())


def test_a_palette_of_several_pictures_is_that_of_all_their_pixels() -> None:
    pictures = [picture(seed=1), 0.5 * picture(seed=2)]
    assert torch.allclose(palette_of(pictures), palette(torch.cat(pictures, 2)), atol=1e-5)


def test_colours_follow_a_shot_slowly() -> None:
    dark, light = 0.2 * picture(), 0.8 + 0.2 * picture()
    after = colours_after(colours_after(None, dark), light)
    own = colours_after(None, dark)[:, 0], colours_after(None, light)[:, 0]
    assert torch.allclose(after[:, 0], own[0] + 0.04 * (own[1] - own[0]), atol=1e-5)


def test_without_flow_each_frame_is_painted_by_itself_and_has_no_noise() -> None:
    brush, frame = Brush(look(flow=False), CPU, torch.float32), picture()
    elsewhere = no_drift(48, 64, CPU) + 17
    assert torch.equal(painted(brush, frame), painted(brush, frame, elsewhere))
    seen = Brush(look(), CPU, torch.float32)
    assert not torch.equal(painted(seen, frame), painted(seen, frame, elsewhere))
    before = Prior(1 - frame, torch.ones(1, 48, 64), {}, torch.zeros(2, 48, 64))
    painter = StudentPainter(brush)
    assert torch.equal(painter.paint(frame, [before], 0).image, painter.paint(frame, [], 0).image)


def test_strokes_keep_their_size_in_the_picture() -> None:
    """A frame of twice the size of what was learnt on is painted as that is, enlarged."""
    plain = torch.full((3, 96, 128), 0.5)
    large = painted(Brush(look(size=64), CPU, torch.float32, "picture"), plain)
    small = painted(Brush(look(size=64), CPU, torch.float32), plain[:, ::2, ::2])
    assert large.shape == plain.shape
    middle = large[:, ::2, ::2][:, 8:-8, 8:-8], small[:, 8:-8, 8:-8]
    assert float((middle[0] - middle[1]).abs().mean()) < 0.3 * float(small.std())
    as_ever = Brush(look(size=128), CPU, torch.float32, "picture")
    assert torch.equal(painted(as_ever, plain), painted(Brush(look(), CPU, torch.float32), plain))


def test_flow_and_size_are_kept_and_count(tmp_path: Path) -> None:
    write_look(tmp_path / "a.safetensors", look(flow=False, size=200))
    again = read_look(tmp_path / "a.safetensors")
    assert not again.flow and again.size == 200
    assert len({look().digest, look(flow=False).digest, look(size=64).digest}) == 3


def test_the_optimiser_starts_from_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_picture(Path("frame.png"), to_uint8(picture()))
    write_picture(Path("style.png"), to_uint8(picture(seed=5)))
    write_look(Path("own.safetensors"), look())
    paint = ["style", "frame.png", "style.png", "--features", "bundled", "--steps", "1", "--quiet"]
    for name, start in (("a", "content"), ("b", "own.safetensors"), ("c", "strokes")):
        assert main([*paint, "--init", start, "-o", f"{name}.png"]) == 0
    assert len({Path(f"{name}.png").read_bytes() for name in "abc"}) == 3
    assert main([*paint, "--init", "none.safetensors", "-o", "d.png"]) != 0
    assert "none.safetensors" in capsys.readouterr().err
