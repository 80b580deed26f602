"""Where and in which arithmetic everything runs. What differs from device to device is here, and only here.

A kind of device is a `Kind` in `KINDS`; nothing else asks what a device is called. Everything random is drawn
on the CPU from seeded generators, so that it does not depend on the device.

On a GPU the host runs ahead and queues work. Whatever it has to know (a number that it reads, a shape that
depends on values, a copy out of memory that the system may move) makes it wait until the queue is empty, and
the device then waits for the host. `to_device` and `constant` copy without that.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vidstyle.errors import UsageError


def _machine_memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _cuda_memory() -> int:
    return torch.cuda.get_device_properties(torch.cuda.current_device()).total_memory


def _cpu_bfloat16() -> bool:
    # PyTorch names no public way to ask; without these functions the answer is the safe one.
    ask = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
    return any(bool(question()) for question in ask if question is not None)


def _full_float32() -> None:
    # By default cuDNN rounds what float32 convolutions read to ten bits (TF32): flow and features would
    # differ from the CPU's in the third digit. bfloat16 is there for who wants speed.
    torch.backends.cudnn.allow_tf32 = False


@dataclass(frozen=True)
class Kind:
    """What a kind of device can do, and what it must not be asked for.

    there: whether this machine has one. memory: its bytes, None where it does not say. prepare: is called
    when one is picked; release: to give back what PyTorch keeps for later.
    bfloat16: whether it computes that natively, where it is faster than float32 and not slower; has_bfloat16:
    whether it computes it at all.
    queues: whether the host runs ahead, so that a number that it reads costs more than what depends on it.
    pins: whether copies from pinned memory go on beside the host, and read what they were given.
    pools_adaptively: whether adaptive pooling is right where sizes do not divide.
    bicubic: whether grid_sample knows that mode.
    pairs_exact: up to so many pairs of patches, comparing all of them is quicker than a search.
    """

    there: Callable[[], bool]
    memory: Callable[[], int | None] = _machine_memory
    prepare: Callable[[], None] = lambda: None
    release: Callable[[], None] = lambda: None
    bfloat16: Callable[[], bool] = lambda: False
    has_bfloat16: Callable[[], bool] = lambda: True
    queues: bool = True
    pins: bool = False
    pools_adaptively: bool = True
    bicubic: bool = True
    pairs_exact: int = 2**25


KINDS: dict[str, Kind] = {
    "cuda": Kind(
        torch.cuda.is_available,
        memory=_cuda_memory,
        prepare=_full_float32,
        release=torch.cuda.empty_cache,
        # Cards before Ampere emulate bfloat16, slower than float32. They have float16, whose gradients vanish
        # without a scale that is searched for as it goes: they paint in float32.
        bfloat16=lambda: torch.cuda.is_bf16_supported(including_emulation=False),
        pins=True,
        pairs_exact=2**32,
    ),
    "mps": Kind(
        torch.backends.mps.is_available,
        memory=lambda: torch.mps.recommended_max_memory(),
        release=lambda: torch.mps.empty_cache(),
        has_bfloat16=lambda: torch.backends.mps.is_macos_or_newer(14, 0),
        # A copy that goes on beside the host reads memory that may have been freed (PyTorch 2.5 to 2.14 at
        # least), adaptive maxima are wrong or refused, and bicubic samples are refused by many versions.
        pins=False,
        pools_adaptively=False,
        bicubic=False,
    ),
    "cpu": Kind(lambda: True, bfloat16=_cpu_bfloat16, queues=False),
}
"""By PyTorch's name for its devices; "auto" takes the first that is there."""


def kind_of(device: torch.device) -> Kind:
    """What the device can do."""
    return KINDS[device.type]


def pick_device(choice: str) -> torch.device:
    """The device for "auto" or a name in `KINDS`. Raises UsageError for one that is not there."""
    if choice == "auto":
        choice = next(name for name, kind in KINDS.items() if kind.there())
    if not KINDS[choice].there():
        raise UsageError(
            f"--device {choice}: this machine or this build of PyTorch has none; use --device cpu"
        )
    KINDS[choice].prepare()
    return torch.device(choice)


def pick_dtype(choice: str, device: torch.device) -> torch.dtype:
    """The network's dtype for "auto", "float32" or "bfloat16". Raises UsageError where it has none."""
    kind = kind_of(device)
    if choice == "bfloat16" and not kind.has_bfloat16():
        raise UsageError("--precision bfloat16: this system's GPUs lack it; use --precision float32")
    if choice != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[choice]
    return torch.bfloat16 if kind.bfloat16() else torch.float32


def total_memory(device: torch.device) -> int | None:
    """Bytes of memory of the device or the machine; None where it does not say."""
    return kind_of(device).memory()


def release_memory(device: torch.device) -> None:
    """Give back what is not in use any more, after memory has run out."""
    gc.collect()
    kind_of(device).release()


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """The same on the device. The host does not wait for the copy where the device can do without."""
    if tensor.device.type == "cpu" and kind_of(device).pins:
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def constant(values: Any, like: Tensor) -> Tensor:
    """A tensor of numbers on the device and in the dtype of another; copied there once. Not to be changed.

    values: a number, or tuples of them.
    """
    return _constant(values, like.dtype, like.device)


@lru_cache(maxsize=1024)
def _constant(values: Any, dtype: torch.dtype, device: torch.device) -> Tensor:
    with torch.inference_mode(False):  # or what needs gradients could not use it later
        return to_device(torch.tensor(values, dtype=dtype), device)


def eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues, ascending, and eigenvectors of a symmetric matrix: float64, on the CPU.

    In float64, as matrices of covariance are often singular. MPS has no float64, and until lately no eigh
    either; CUDA's waits for the result like this, and chooses other signs.
    """
    values, vectors = torch.linalg.eigh(matrix.cpu().double())
    return values, vectors


def _pools(maps: Tensor, size: tuple[int, int]) -> bool:
    even = not any(side % cells for side, cells in zip(maps.shape[-2:], size, strict=True))
    return even or kind_of(maps.device).pools_adaptively


def adaptive_avg_pool2d(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """Means of float32 (N, C, H, W) over `size` cells of nearly the same size."""
    if _pools(maps, size):
        return F.adaptive_avg_pool2d(maps, size)
    return F.adaptive_avg_pool2d(maps.cpu(), size).to(maps.device)


def adaptive_max_pool2d(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """The largest of float32 (N, C, H, W) in each of `size` cells."""
    if _pools(maps, size):
        return F.adaptive_max_pool2d(maps, size)
    return F.adaptive_max_pool2d(maps.cpu(), size).to(maps.device)


def quantile(values: Tensor, share: float) -> Tensor:
    """The value below which `share` of them lie: a number on the CPU, which may meet any device's tensors.

    Found on the CPU, as PyTorch's reckons in float64.
    """
    return values.cpu().quantile(share)


def autocast(device: torch.device) -> AbstractContextManager[Any]:
    """Training in bfloat16 with weights in float32, where the device has bfloat16."""
    return torch.autocast(device.type, torch.bfloat16, enabled=kind_of(device).has_bfloat16())
