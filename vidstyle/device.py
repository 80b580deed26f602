"""Where and in which arithmetic the network runs, and how much memory there is."""

from __future__ import annotations

import gc
import os

import torch

from vidstyle.errors import UsageError


def pick_device(choice: str) -> torch.device:
    """The device for "auto", "cpu", "cuda" or "mps". Raises UsageError for one that is not there."""
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if choice == "auto":
        return torch.device(next(name for name, is_there in there.items() if is_there))
    if not there[choice]:
        raise UsageError(
            f"--device {choice}: this machine or this build of PyTorch has none; use --device cpu"
        )
    return torch.device(choice)


def pick_dtype(choice: str, device: torch.device) -> torch.dtype:
    """The network's dtype for "auto", "float32" or "bfloat16"."""
    if choice != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16}[choice]
    return torch.bfloat16 if _computes_bfloat16(device) else torch.float32


def _computes_bfloat16(device: torch.device) -> bool:
    """Whether the device has bfloat16 in hardware, where it is faster than float32 and not slower."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        # PyTorch names no public way to ask; without these functions the answer is the safe one.
        ask = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in ("avx512_bf16", "amx_tile"))
        return any(bool(question()) for question in ask if question is not None)
    return False


def release_memory(device: torch.device) -> None:
    """Give back what is not in use any more, after memory has run out."""
    gc.collect()
    empty = getattr(getattr(torch, device.type, None), "empty_cache", None)
    if empty is not None:  # the CPU keeps none back
        empty()


def total_memory(device: torch.device) -> int | None:
    """Bytes of memory of the device or the machine; None where it does not say."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
