"""Teaching tiny networks: it goes on to the bit, and what it is taught with is what it says it is."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from tests.methods.painters import tiny_network
from tests.methods.student.small import TINY
from vidstyle.image.colour import palette
from vidstyle.image.warp import warp
from vidstyle.looks.network import Student
from vidstyle.looks.noise import CHANNELS
from vidstyle.looks.recolouring import recoloured
from vidstyle.methods.student import training
from vidstyle.methods.student.motion import sequence
from vidstyle.methods.student.training import Balance, Lesson, Training


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SIDE", 32)


def picture(seed: int, height: int = 40, width: int = 50) -> torch.Tensor:
    coarse = torch.rand(1, 3, 6, 6, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")[0].clamp(0, 1)


def seen(seed: int) -> torch.Tensor:
    """As the network sees a picture."""
    return recoloured(picture(seed), palette(picture(7)))


def begun(steps: int = 6, styles: int = 2, balance: Balance | None = None) -> Training:
    torch.manual_seed(1)
    student = Student(TINY, styles)
    lessons = [Lesson(picture(i), 1 - seen(i), i % styles) for i in range(4)]
    lessons += [Lesson(picture(9), None, style) for style in range(styles)]
    palettes = [palette(picture(7))] * styles
    return Training(student, tiny_network(), lessons, palettes, steps=steps, balance=balance)


def test_it_goes_on_to_the_bit() -> None:
    whole, first = begun(), begun()
    for _ in range(6):
        whole.step()
    for _ in range(4):
        first.step()
    second = begun()
    second.restore({name: tensor.clone() for name, tensor in first.state().items()})
    for _ in range(2):
        second.step()
    for name, tensor in whole.state().items():
        assert torch.equal(tensor, second.state()[name]), name


def test_it_learns_and_what_nobody_has_painted_counts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "_RATE", 5e-3)
    learning = begun(60, 1, Balance(style=0.1, content=0.1))  # untaught features say little
    before, terms = off(learning.student), [learning.step() for _ in range(60)]
    assert off(learning.student) < 0.9 * before
    assert len([each for each in terms if "l1" not in each]) == 30


def off(student: Student) -> float:
    """From what it is taught: the negative."""
    shown = torch.stack([seen(i) for i in range(4)])
    with torch.no_grad():
        return float((student.new(shown, torch.zeros(4, CHANNELS, 20, 25)) - (1 - shown)).abs().mean())


def test_a_state_of_another_network_is_refused() -> None:
    other = begun().state()
    other["weight.fine.weight"] = torch.zeros(1)
    with pytest.raises(ValueError, match="another size"):
        begun().restore(other)


@pytest.mark.parametrize("seed", range(6))
def test_made_up_motion_is_as_it_says(seed: int) -> None:
    """Where it holds, the moment before is found where the vectors lead, as far as the flow may be off."""
    random = torch.Generator().manual_seed(seed)
    layers = [picture(1, 90, 90), picture(2, 90, 90)]
    moments = sequence(layers, [picture(3, 70, 90), picture(4, 70, 90)], 48, 4, random)
    assert len(moments) == 4
    for before, now in pairwise(moments):
        for old, new in zip(before.layers, now.layers, strict=True):
            off = (warp(old, now.vectors) - new).abs() * now.holds
            assert float(off.sum() / (3 * now.holds.sum() + 1e-6)) < 0.02
