"""The graphics cards of a machine, whether or not PyTorch can paint on them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

import torch

_SECONDS = 20  # a driver that hangs must not hang whoever asks
_QUERY = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits")


@dataclass(frozen=True)
class Card:
    """A card as the driver knows it. memory: in bytes; None where it does not say."""

    name: str
    memory: int | None
    driver: str

    def __str__(self) -> str:
        memory = "" if self.memory is None else f", {_gigabytes(self.memory)}"
        return f"{self.name}{memory}, driver {self.driver}"


def nvidia_cards() -> list[Card]:
    """Those that NVIDIA's driver knows; none without it."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    try:
        told = subprocess.run([program, *_QUERY], capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [card for line in told.stdout.splitlines() if (card := _card(line)) is not None]


def _card(line: str) -> Card | None:
    """Of a line "NAME, MEBIBYTES, VERSION"; None for any other, such as the driver's word on a fault."""
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 3:
        return None
    name, mebibytes, driver = parts
    return Card(name, int(mebibytes) * 2**20 if mebibytes.isdigit() else None, driver)


def usable(cards: Sequence[Card]) -> list[str]:
    """What PyTorch can paint on beside the processor, each in words. cards: see `nvidia_cards`."""
    found = []
    driver = f", driver {cards[0].driver}" if cards else ""
    for index in range(torch.cuda.device_count()):
        known = torch.cuda.get_device_properties(index)
        runtime = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {torch.version.hip}"
        found.append(f"{known.name}, {_gigabytes(known.total_memory)}{driver}, {runtime}")
    if torch.backends.mps.is_available():
        found.append(f"Apple, MPS, {_gigabytes(torch.mps.recommended_max_memory())} for painting")
    return found


def _gigabytes(count: int) -> str:
    """As cards are sold: by powers of two."""
    return f"{count / 2**30:.0f} GB"


def unused(cards: Sequence[Card]) -> str:
    """Why PyTorch does not paint on cards that are there, and the remedy; "" where it does."""
    if not cards or torch.cuda.is_available():
        return ""
    if torch.version.cuda is None:
        return (
            f"PyTorch {torch.__version__} is built for the processor alone: install the build for CUDA "
            "(pytorch.org/get-started) to paint on the GPU"
        )
    return (
        f"PyTorch {torch.__version__} is built for CUDA {torch.version.cuda}, which driver {cards[0].driver} "
        "does not run: update the driver, or install a build for an older CUDA (pytorch.org/get-started)"
    )
