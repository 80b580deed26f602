"""What is done for devices that lack something: here the CPU is said to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch

from vidstyle.device import (
    KINDS,
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    constant,
    eigh,
    pick_device,
    pick_dtype,
    quantile,
)
from vidstyle.errors import UsageError
from vidstyle.image.warp import warp

CPU = torch.device("cpu")
Lacking = Callable[..., None]


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> Lacking:
    """cpu(NAME=VALUE...): the CPU is another kind of device in these respects."""

    def change(**traits: Any) -> None:
        monkeypatch.setitem(KINDS, "cpu", replace(KINDS["cpu"], **traits))

    return change


def test_what_is_not_there_is_refused_in_a_line(cpu: Lacking) -> None:
    cpu(has_bfloat16=lambda: False)
    with pytest.raises(UsageError, match="--precision float32"):
        pick_dtype("bfloat16", CPU)
    assert pick_dtype("float32", CPU) == torch.float32
    cpu(there=lambda: False)
    with pytest.raises(UsageError, match="--device cpu"):
        pick_device("cpu")


@pytest.mark.parametrize(("native", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_takes_bfloat16_where_it_is_native(cpu: Lacking, native: bool, dtype: torch.dtype) -> None:
    cpu(bfloat16=lambda: native)
    assert pick_dtype("auto", CPU) == dtype


def test_without_bicubic_samples_the_own_warp_takes_their_place(cpu: Lacking) -> None:
    image, vectors = torch.rand(3, 9, 11), 2 * torch.rand(2, 9, 11)
    own, library = warp(image, vectors, "bicubic"), warp(image, vectors, "quick")
    cpu(bicubic=False)
    assert torch.equal(warp(image, vectors, "quick"), own) and not torch.equal(library, own)


@pytest.mark.parametrize("size", [(2, 3), (3, 3)])
@pytest.mark.parametrize("pool", [adaptive_avg_pool2d, adaptive_max_pool2d])
def test_without_adaptive_pools_they_are_the_same(
    cpu: Lacking, pool: Callable[..., torch.Tensor], size: tuple[int, int]
) -> None:
    maps = torch.rand(1, 2, 6, 7)
    there = pool(maps, size)
    cpu(pools_adaptively=False)
    assert torch.equal(pool(maps, size), there)


def test_a_constant_is_made_once_and_can_be_learnt_through() -> None:
    like = torch.rand(2, requires_grad=True)
    with torch.inference_mode():
        made = constant((2.0, 3.0), torch.rand(1))
    assert made is constant((2.0, 3.0), like)
    (like * made).sum().backward()
    assert like.grad is not None and like.grad.tolist() == [2, 3]


def test_numbers_that_are_found_on_the_cpu_in_float64() -> None:
    values, vectors = eigh(torch.diag(torch.tensor([3.0, 1.0, 2.0])))
    assert values.tolist() == [1, 2, 3] and vectors.dtype == torch.float64
    assert float(quantile(torch.arange(5.0), 0.75)) == 3
