"""RAFT's weights as its authors published them: the same network under other names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models.optical_flow import raft_large, raft_small

from vidstyle.errors import WeightsError
from vidstyle.flow.estimators import make_estimator
from vidstyle.flow.raft_original import is_original, renamed

pytestmark = pytest.mark.usefixtures("alone")

Norm = Callable[[int], nn.Module]


class Block(nn.Module):
    """A residual block of two convolutions, or of three with a narrow one in the middle."""

    def __init__(self, before: int, after: int, stride: int, norm: Norm, narrow: bool) -> None:
        super().__init__()
        middle = after // 4
        kinds = [(before, middle, 1, 1), (middle, middle, 3, stride), (middle, after, 1, 1)]
        if not narrow:
            kinds = [(before, after, 3, stride), (after, after, 3, 1)]
        self.depth = len(kinds)
        for number, (inside, outside, side, step) in enumerate(kinds, 1):
            self.add_module(f"conv{number}", nn.Conv2d(inside, outside, side, step, side // 2))
            self.add_module(f"norm{number}", norm(outside))
        self.downsample: nn.Module = nn.Identity()
        if stride > 1:
            last = norm(after)
            self.add_module(f"norm{self.depth + 1}", last)
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride), last)

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for number in range(1, self.depth + 1):
            y = self.get_submodule(f"norm{number}")(self.get_submodule(f"conv{number}")(y)).relu()
        return (self.downsample(x) + y).relu()


class Encoder(nn.Module):
    """Features of a picture at an eighth of its size, by the names of the published network."""

    def __init__(self, widths: list[int], out: int, norm: Norm, narrow: bool) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(3, widths[0], 7, 2, 3), norm(widths[0])
        before = widths[0]
        for number, width in enumerate(widths, 1):
            stride = 1 if number == 1 else 2
            blocks = Block(before, width, stride, norm, narrow), Block(width, width, 1, norm, narrow)
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
            before = width
        self.conv2 = nn.Conv2d(before, out, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm1(self.conv1(x)).relu()
        for number in (1, 2, 3):
            x = self.get_submodule(f"layer{number}")(x)
        return self.conv2(x)


def plain(channels: int) -> nn.Module:
    return nn.Identity()


ENCODERS: dict[str, dict[str, Any]] = {
    "raft": {
        "fnet": ([64, 96, 128], 256, nn.InstanceNorm2d, False),
        "cnet": ([64, 96, 128], 256, nn.BatchNorm2d, False),
    },
    "raft-small": {
        "fnet": ([32, 64, 96], 128, nn.InstanceNorm2d, True),
        "cnet": ([32, 64, 96], 160, plain, True),
    },
}
SAME = {"fnet": "feature_encoder", "cnet": "context_encoder"}
# Of the update block: original name -> torchvision's.
UPDATES = {
    "encoder.convc1": "motion_encoder.convcorr1.0",
    "encoder.convf1": "motion_encoder.convflow1.0",
    "encoder.convf2": "motion_encoder.convflow2.0",
    "encoder.conv": "motion_encoder.conv.0",
    "flow_head.conv1": "flow_head.conv1",
    "flow_head.conv2": "flow_head.conv2",
}
OWN = {
    "raft": {
        "encoder.convc2": "motion_encoder.convcorr2.0",
        **{f"gru.conv{g}{n}": f"recurrent_block.convgru{n}.conv{g}" for g in "zrq" for n in "12"},
        "mask.0": "mask_predictor.convrelu.0",
        "mask.2": "mask_predictor.conv",
    },
    "raft-small": {f"gru.conv{g}": f"recurrent_block.convgru1.conv{g}" for g in "zrq"},
}


def network(name: str) -> nn.Module:
    return (raft_small if name == "raft-small" else raft_large)(weights=None).eval()


def published(name: str) -> tuple[dict[str, Encoder], dict[str, Tensor]]:
    """Random weights under the original's names, and the encoders that they are of."""
    encoders = {part: Encoder(*arguments).eval() for part, arguments in ENCODERS[name].items()}
    state: dict[str, Tensor] = {}
    for part, encoder in encoders.items():
        for value in encoder.state_dict().values():  # of statistics, too, so that no two are alike
            if value.is_floating_point():
                value.add_(torch.rand_like(value) * 0.02)
        state |= {f"module.{part}.{key}": value for key, value in encoder.state_dict().items()}
    theirs = network(name).state_dict()
    for ours, its in (UPDATES | OWN[name]).items():
        its = its if its.startswith("mask") else f"update_block.{its}"
        for kind in ("weight", "bias"):
            state[f"module.update_block.{ours}.{kind}"] = torch.rand_like(theirs[f"{its}.{kind}"])
    return encoders, state


@pytest.mark.parametrize("name", ENCODERS)
def test_every_part_lands_where_it_computes_the_same(name: str) -> None:
    encoders, state = published(name)
    assert is_original(state)
    same = renamed(state)
    assert not is_original(same)
    theirs = network(name)
    theirs.load_state_dict(same)
    picture = torch.rand(1, 3, 64, 72) * 2 - 1
    with torch.inference_mode():
        for part, encoder in encoders.items():
            assert torch.equal(theirs.get_submodule(SAME[part])(picture), encoder(picture))
    for ours, its in (UPDATES | OWN[name]).items():
        its = its if its.startswith("mask") else f"update_block.{its}"
        assert torch.equal(same[f"{its}.weight"], state[f"module.update_block.{ours}.weight"])


def test_a_file_of_either_names_gives_the_same_flow(tmp_path: Path) -> None:
    _, state = published("raft-small")
    torch.save(state, tmp_path / "original.pth")
    torch.save(renamed(state), tmp_path / "torchvision.pth")
    torch.save({key.removeprefix("module."): value for key, value in state.items()}, tmp_path / "bare.pth")
    frames = np.random.default_rng(0).integers(0, 255, (2, 3, 40, 56), np.uint8)
    found = [make_estimator("raft-small", path)(*frames) for path in sorted(tmp_path.glob("*.pth"))]
    assert len(found) == 3 and all(np.array_equal(found[0], each) for each in found[1:])


def test_the_other_size_and_other_names_are_one_line(tmp_path: Path) -> None:
    _, state = published("raft-small")
    torch.save(state, tmp_path / "small.pth")
    with pytest.raises(WeightsError, match=r"small\.pth does not hold the weights of raft, neither"):
        make_estimator("raft", tmp_path / "small.pth")
    torch.save({**state, "module.update_block.more.weight": torch.zeros(1)}, tmp_path / "more.pth")
    with pytest.raises(WeightsError, match=r"more\.pth does not hold the weights of raft-small"):
        make_estimator("raft-small", tmp_path / "more.pth")


@pytest.mark.parametrize(
    ("name", "file"),
    [("raft", "raft_sintel_original.pth"), ("raft-small", "raft_small_original.pth")],
)
def test_the_published_weights_find_a_known_motion(
    name: str, file: str, shared: Callable[[str], Path]
) -> None:
    """A texture that moves 11 pixels to the right and 5 up."""
    weights = shared(f"weights/{file}")
    coarse = torch.rand(1, 3, 30, 40, generator=torch.Generator().manual_seed(2))
    wide = (nn.functional.interpolate(coarse, (180, 240), mode="bicubic").clamp(0, 1) * 255)[0].byte().numpy()
    before, after = wide[:, 20:148, 30:190], wide[:, 25:153, 19:179]
    flow = make_estimator(name, weights)(after, before)
    off = flow[:, 24:-24, 24:-24] - np.array([-11.0, 5.0], np.float32)[:, None, None]
    assert np.hypot(*off).mean() < 0.5
