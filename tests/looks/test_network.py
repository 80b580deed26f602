"""The network: what its shape alone promises, and the files that it is kept in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from tests.methods.student.small import TINY
from vidstyle.checkpoints import read_tensors
from vidstyle.errors import WeightsError
from vidstyle.looks.look import look_of, read_look, write_look
from vidstyle.looks.network import Enlarging, Student, laid_over
from vidstyle.looks.noise import CHANNELS


def tiny(styles: int = 1, seed: int = 1) -> Student:
    torch.manual_seed(seed)
    return Student(TINY, styles).requires_grad_(False)


def picture(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed))


def quiet(height: int, width: int) -> torch.Tensor:
    return torch.zeros(1, CHANNELS, -(-height // 2), -(-width // 2))


def loud(height: int, width: int) -> torch.Tensor:
    return torch.randn(quiet(height, width).shape, generator=torch.Generator().manual_seed(4))


def test_enlarging_is_a_convolution_of_what_is_enlarged() -> None:
    part, x = Enlarging(3, 5, 1), torch.randn(1, 3, 6, 7)
    wanted = F.conv2d(F.interpolate(x, scale_factor=2, mode="bilinear"), part.weight, padding=1)
    inside = (..., slice(2, -2), slice(2, -2))  # beyond the border are zeros in either, of two sizes
    assert torch.allclose(part(x, 0)[inside], wanted[inside], atol=1e-5)


def test_a_plain_frame_has_no_checkerboard_without_noise() -> None:
    painted = tiny().new(torch.full((1, 3, 160, 160), 0.3), quiet(160, 160))
    middle = painted[..., 64:96, 64:96]
    assert float(middle.amax((2, 3)).sub(middle.amin((2, 3))).max()) < 1e-5
    assert float(tiny().new(torch.full((1, 3, 160, 160), 0.3), loud(160, 160)).std()) > 1e-3


def test_zeros_beyond_the_border_are_not_seen() -> None:
    """A plain frame is painted alike up to its border, as far as a network with little depth sees."""
    painted = Student(TINY).new(torch.full((1, 3, 64, 64), 0.3), quiet(64, 64)).detach()
    assert float((painted[..., :8, :] - painted[..., 32:40, :]).abs().max()) < 0.01


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (33, 50)])
def test_a_frame_lies_between_the_new_picture_and_the_one_before(size: tuple[int, int]) -> None:
    student, frame, before = tiny(), picture(*size), picture(*size, seed=2)
    noise, everywhere = loud(*size), torch.ones_like(frame[:, :1])
    painted = student(frame, noise, before, everywhere)
    assert painted.shape == frame.shape and float(painted.min()) >= 0 and float(painted.max()) <= 1
    hidden = torch.zeros_like(everywhere)
    assert torch.equal(student(frame, noise, before, hidden), student.new(frame, noise))


def test_what_is_another_painting_is_not_kept() -> None:
    new = torch.full((1, 3, 32, 32), 0.2)
    before = torch.cat([new[..., :16] + 0.01, new[..., 16:] + 0.7], 3)
    painted = laid_over(new, before, torch.ones(1, 1, 32, 32))
    assert torch.allclose(painted[..., :8], new[..., :8] + 0.0085, atol=1e-4)
    assert torch.allclose(painted[..., 24:], new[..., 24:], atol=2e-3)


def test_styles_are_folded_and_begun_with() -> None:
    student = tiny(styles=2)
    for parameter in student.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    frame, noise = picture(24, 32), loud(24, 32)
    for style in (0, 1):
        alone = Student(TINY)
        alone.begin_with(student.folded(style))
        wanted = student.new(frame, noise, style)
        assert torch.allclose(alone.new(frame, noise), wanted, atol=1e-5)
        assert torch.allclose(alone.fix().new(frame, noise), wanted, atol=1e-5)


def test_a_look_is_read_as_it_was_written(tmp_path: Path) -> None:
    look = look_of(tiny(), [picture(120, 200)[0]], {"steps": "3"})
    write_look(tmp_path / "a.safetensors", look)
    again = read_look(tmp_path / "a.safetensors")
    assert again.digest == look.digest and again.made == {"steps": "3"} and again.plan == TINY
    assert again.thumbnail.shape == (3, 58, 96)
    frame, noise = picture(20, 20), loud(20, 20)
    assert torch.equal(again.student().new(frame, noise), look.student().new(frame, noise))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 7}, "another version of vidstyle"),
        ({"plan": {}}, "is damaged .a plan has"),
        ({"plan": [1]}, "is damaged .a plan has"),
        ({"plan": {**TINY.to_json(), "half": 10**9}}, "is damaged .a plan has whole numbers from 1 to 128"),
        ({"plan": {**TINY.to_json(), "deep": 2}}, "its digest is another"),
        ({"made": {"steps": "4"}}, "its digest is another"),
        ({"digest": None}, "its digest is another"),
    ],
)
def test_a_look_that_is_not_whole_is_told_in_a_line(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    path = tmp_path / "a.safetensors"
    write_look(path, look_of(tiny(), [picture(9, 9)[0]], {}))
    tensors, metadata = read_tensors(path)
    told = json.loads(metadata["vidstyle_look"]) | change
    save_file(tensors, path, {"vidstyle_look": json.dumps(told)})
    with pytest.raises(WeightsError, match=words) as error:
        read_look(path)
    assert "\n" not in str(error.value) and "a.safetensors" in str(error.value)
    save_file(tensors, path)
    with pytest.raises(WeightsError, match="is no look: it holds other tensors"):
        read_look(path)


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\xff\xff\xff\xff\xff\xff\x00\x00{}", b"{}" * 9])
def test_other_files_are_no_looks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"a\.safetensors"):
        read_look(path)
    half = tmp_path / "half.safetensors"
    write_look(half, look_of(tiny(), [picture(9, 9)[0]], {}))
    half.write_bytes(half.read_bytes()[:-200])
    with pytest.raises(WeightsError, match="half"):
        read_look(half)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_look(tmp_path)
