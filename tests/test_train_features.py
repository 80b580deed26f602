"""The pictures, the networks and the whole path of training the bundled features, at a tiny size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from vidstyle.features.convolutions import CONV_INDEX, key

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
sys.path.insert(0, str(SCRIPTS))

from training.crops import Crops  # noqa: E402
from training.distil import Recipe, begin, keep_alike, train  # noqa: E402
from training.measures import Distance, gram, gram_distance  # noqa: E402
from training.network import RANKS, Network, calibrate, load, mean_activations, save  # noqa: E402
from training.pictures import generate, photographs  # noqa: E402

NARROW = (4, 4, 6, 6, 8, 8, 8, 8, 12, 12, 12, 12, 12)
LOW = (0, 3, 4, 4, 6, 6, 6, 6, 8, 8, 8, 8, 8)


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    return generate(12, 40, seed=3)


def _network(seed: int) -> Network:
    torch.manual_seed(seed)
    return Network(NARROW).requires_grad_(False)


def _begin(student: Network, teacher: Network, pictures: torch.Tensor) -> None:
    begin(student, teacher, _crops(pictures), Distance(teacher, pictures), 4000, lambda line: None)


def _crops(pictures: torch.Tensor) -> Crops:
    return Crops([list(pictures.mul(255).byte())], 32, seed=0)


def test_pictures_have_range_and_contrast(pictures: torch.Tensor) -> None:
    assert pictures.shape == (12, 3, 40, 40)
    assert pictures.dtype == torch.float32
    assert 0 <= float(pictures.min()) < 0.1
    assert 0.9 < float(pictures.max()) <= 1
    assert (pictures.flatten(1).std(1) > 0.01).float().mean() > 0.9


def test_a_picture_depends_on_seed_and_place_only(pictures: torch.Tensor) -> None:
    assert torch.equal(generate(5, 40, seed=3), pictures[:5])
    assert not torch.equal(generate(5, 40, seed=4), pictures[:5])


def test_calibration_changes_scales_only(pictures: torch.Tensor) -> None:
    network = _network(0)
    before = network(pictures)
    means = calibrate(network, pictures)
    after = network(pictures)
    for name, mean in means.items():
        torch.testing.assert_close(after[name], before[name] / mean.mean(), rtol=1e-3, atol=1e-4)
        assert float(mean_activations(network, pictures)[name].mean()) == pytest.approx(1, abs=1e-4)


def test_a_plain_picture_has_plain_responses() -> None:
    """A flat picture stays flat: no layer sees an edge at the border."""
    flat = torch.full((1, 3, 24, 24), 0.7)
    for name, output in _network(1)(flat).items():
        assert float((output - output[..., :1, :1]).abs().max()) < 1e-4, name


def test_saved_networks_load_with_their_widths(tmp_path: Path, pictures: torch.Tensor) -> None:
    network = _network(2)
    save(network, tmp_path / "student.safetensors", {"name": "narrow"})
    loaded = load(tmp_path / "student.safetensors")
    wanted, found = network(pictures)["conv3_4"], loaded(pictures)["conv3_4"]
    assert float((found - wanted).square().sum() / wanted.square().sum()) < 1e-4
    torch.save(load_file(tmp_path / "student.safetensors"), tmp_path / "student.pth")
    assert torch.equal(load(tmp_path / "student.pth")(pictures)["conv3_4"], found)


def test_a_file_of_other_names_is_refused_in_one_line(tmp_path: Path) -> None:
    save_file({"features.0.weight": torch.zeros(4, 3, 3, 3)}, tmp_path / "short.safetensors")
    with pytest.raises(SystemExit, match=r"lacks features\.0"):
        load(tmp_path / "short.safetensors")


def test_regression_finds_a_teacher_of_the_same_layers_below(pictures: torch.Tensor) -> None:
    """Where nothing is lost below, the best map of each layer is the teacher's."""
    teacher, student = _network(3), _network(4)
    calibrate(teacher, pictures)
    _begin(student, teacher, pictures)
    wanted, found = teacher(pictures)["conv2_1"], student(pictures)["conv2_1"]
    assert float((found - wanted).square().sum() / wanted.square().sum()) < 0.02


def test_regression_finds_the_rank_that_a_teacher_has(pictures: torch.Tensor) -> None:
    """A divided layer loses nothing where the teacher's has no higher rank, and little of one that has."""
    teacher, student = _network(3), Network(NARROW, LOW).requires_grad_(False)
    weight = teacher.convolutions[1].weight
    u, s, v = torch.linalg.svd(weight.flatten(1), full_matrices=False)
    weight.copy_((u[:, :3] * s[:3] @ v[:3]).reshape(weight.shape))
    calibrate(teacher, pictures)
    _begin(student, teacher, pictures)
    wanted, found = teacher(pictures), student(pictures)
    lost = {k: float((found[k] - wanted[k]).square().sum() / wanted[k].square().sum()) for k in wanted}
    assert lost["conv1_2"] < 0.01 < lost["conv2_2"] < 0.3


def test_a_student_goes_on_from_an_earlier_one_up_to_another_rank() -> None:
    earlier, student = Network(NARROW, LOW), Network(NARROW, (*LOW[:10], 9, *LOW[11:]))
    assert keep_alike(student, earlier) == 10
    for place, (one, other) in enumerate(zip(earlier.convolutions, student.convolutions, strict=True)):
        pairs = list(zip(one.parameters(), other.parameters(), strict=True))
        assert all(torch.equal(*pair) for pair in pairs) == (place < 10)


def test_gram_distance_is_relative() -> None:
    features = torch.rand(2, 3, 5, 7)
    target = gram(features)
    assert float(gram_distance(target, target)) == 0
    torch.testing.assert_close(gram_distance(1.5 * target, target), torch.tensor(0.25))
    torch.testing.assert_close(target[0, 0, 1], (features[0, 0] * features[0, 1]).mean())


def test_crops_come_from_every_pool_and_fit_it() -> None:
    dark, light = torch.zeros(3, 40, 50, dtype=torch.uint8), torch.full((3, 33, 90), 255, dtype=torch.uint8)
    crops = Crops([[dark] * 9, [light]], 32, seed=1)(40)
    assert crops.shape == (40, 3, 32, 32)
    assert 10 < int(crops[:, 0, 0, 0].sum()) < 30


def test_photographs_are_read_at_every_size(tmp_path: Path) -> None:
    pixels = np.zeros((60, 90, 3), np.uint8)
    pixels[..., 2] = 200  # OpenCV writes BGR
    cv2.imwrite(str(tmp_path / "a.jpg"), pixels)
    (tmp_path / "notes.md").write_text("not a picture")
    small, large = photographs(tmp_path, [20, 40])
    assert small.shape == (3, 20, 30) and large.shape == (3, 40, 60)
    assert abs(int(large[0].float().mean()) - 200) < 3 > int(large[2].float().mean())


def test_the_whole_path(tmp_path: Path) -> None:
    out = tmp_path / "student.safetensors"
    command = [sys.executable, str(SCRIPTS / "train_features.py"), "--smoke", "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "step 5 of 6" in done.stdout
    with safe_open(out, "pt") as file:
        assert file.metadata()["name"] == "vidstyle-student"
        assert file.metadata()["teacher"] == "a random network"
        assert file.metadata()["layers"] == "conv1_1-conv5_1"
    tensors = load_file(out)
    divided = {
        key(suffix, "0.weight"): -(-rank // 8)
        for suffix, rank in zip(CONV_INDEX, RANKS, strict=False)
        if rank
    }
    assert {name: len(tensors[name]) for name in divided} == divided
    assert len(tensors) == 2 + 3 * len(divided)
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())


def test_a_killed_training_goes_on(tmp_path: Path, pictures: torch.Tensor) -> None:
    """From a checkpoint the same network comes out as without a stop, to the bit."""
    teacher = _network(8)
    calibrate(teacher, pictures)
    recipe = Recipe(4, seed=0, batch=2, replay=1, crop=32, keep=2, positions=400, ranks=LOW)
    pools = [list(pictures.mul(255).byte())]
    said: list[str] = []

    def until(stop: int | None, name: str) -> Network:
        def report(line: str) -> None:
            said.append(line)
            if line.startswith(f"step {stop} of"):
                raise KeyboardInterrupt

        return train(teacher, pools, pictures[:4], recipe, report, tmp_path / name)

    whole = until(None, "whole.training")
    with pytest.raises(KeyboardInterrupt):
        until(3, "stopped.training")
    said.clear()
    again = until(None, "stopped.training")
    assert said[0].startswith("step 2 of 4")
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
