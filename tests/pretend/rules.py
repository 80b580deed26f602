"""What the pretend device itself must do: give a GPU's answers, and refuse what a GPU refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.pretend import device
from vidstyle.device import adaptive_max_pool2d, constant, eigh, kind_of, pick_device, to_device


def _two_devices(there: torch.device, folder: Path) -> dict[str, Any]:
    x = torch.rand(1, 3, 8, 8).to(there)
    with pytest.raises(RuntimeError, match="two devices"):
        F.conv2d(x, torch.rand(4, 3, 3, 3))
    with pytest.raises(RuntimeError, match="two devices"):
        F.grid_sample(x, torch.rand(1, 8, 8, 2), align_corners=False)
    with pytest.raises(RuntimeError, match="two devices"):
        torch.rand(1, 3, 8, 8) + x
    with pytest.raises(RuntimeError, match="two devices"):
        torch.zeros(()).add_(x.sum())
    with pytest.raises(RuntimeError, match="two devices"):
        torch.stack([x.sum(), torch.zeros(())])
    with pytest.raises(TypeError, match="NumPy"):
        x.numpy()
    assert (x + torch.ones(())).device == there  # a single number may come from the CPU
    assert x[:, :, torch.tensor([0, 2])].shape == (1, 3, 2, 8)  # and indices
    return {}


def _values_and_gradients(there: torch.device, folder: Path) -> dict[str, Any]:
    random = torch.Generator().manual_seed(1)
    x, kernel = torch.rand(1, 3, 8, 8, generator=random), torch.rand(4, 3, 3, 3, generator=random)
    found = []
    for each in (torch.device("cpu"), there):
        y = to_device(x, each).detach().requires_grad_()
        shown = F.conv2d(y, to_device(kernel, each)) - constant((1.0, 2.0, 3.0, 4.0), y).view(4, 1, 1)
        F.relu(shown).square().sum().backward()
        assert y.grad is not None and y.grad.device.type == each.type
        found.append(y.grad.cpu())
    assert torch.equal(*found) and bool(found[0].any())
    return {}


def _stalls(there: torch.device, folder: Path) -> dict[str, Any]:
    def counted(do: Callable[[], object]) -> int:
        device.stalls.clear()
        do()
        return sum(device.stalls.values())

    x = torch.arange(6.0).to(there)
    reads = [lambda: float(x.sum()), lambda: bool((x > 1).any()), x.cpu, x.tolist, lambda: x[x > 1]]
    reads += [lambda: torch.equal(x, x), x.nonzero, lambda: torch.rand(3).to(there)]
    reads += [lambda: x.new_tensor([1.0, 2.0]), lambda: torch.tensor([3], device=there)]
    assert [counted(each) for each in reads] == [1] * len(reads)
    constant((5.0, 6.0), x)
    free: list[Callable[[], object]] = [lambda: constant((5.0, 6.0), x), lambda: x * 2 + 1, x.clone]
    free += [lambda: to_device(torch.rand(3), there), lambda: torch.where(x > 2, x, 0.0), x.sort]
    free += [lambda: x.new_full((), 3.0), lambda: x.masked_fill(x > 2, 0.0), lambda: x.clone().copy_(x)]
    assert [counted(each) for each in free] == [0] * len(free)
    return {}


def _what_apples_lack(there: torch.device, folder: Path) -> dict[str, Any]:
    x = torch.rand(1, 2, 5, 7, generator=torch.Generator().manual_seed(2)).to(there)
    for lacking in (
        x.double,
        lambda: x.to(torch.float64),
        lambda: torch.zeros(2, dtype=torch.float64).to(there),
    ):
        with pytest.raises(TypeError, match="float64"):
            lacking()
    with pytest.raises(NotImplementedError, match="eigh"):
        torch.linalg.eigh(x[0, :, :2, :2])
    with pytest.raises(NotImplementedError, match="pool"):
        F.adaptive_max_pool2d(x, (2, 3))
    assert torch.equal(adaptive_max_pool2d(x, (2, 3)).cpu(), F.adaptive_max_pool2d(x.cpu(), (2, 3)))
    values, vectors = eigh(x[0, 0, :3, :3] + x[0, 0, :3, :3].T)
    assert values.dtype == torch.float64 and vectors.device.type == "cpu"
    return {}


def _chance(there: torch.device, folder: Path) -> dict[str, Any]:
    x = torch.zeros(3).to(there)
    for drawn in (
        lambda: torch.rand(3, device=there),
        lambda: x.clone().uniform_(),
        lambda: F.dropout(x + 1, 0.5),
    ):
        with pytest.raises(RuntimeError, match="drawn on the device"):
            drawn()
    return {}


def _picked(there: torch.device, folder: Path) -> dict[str, Any]:
    assert pick_device("auto").type == there.type and pick_device("cpu").type == "cpu"
    assert kind_of(there).pins and kind_of(there).queues
    return {}


RULES: dict[str, Callable[[torch.device, Path], dict[str, Any]]] = {
    "operands of two devices are refused": _two_devices,
    "values and gradients are the CPU's": _values_and_gradients,
    "what makes the host wait is counted": _stalls,
    "what Apple's GPUs lack is refused": _what_apples_lack,
    "all that is random is drawn on the CPU": _chance,
    "it is what auto takes": _picked,
}
