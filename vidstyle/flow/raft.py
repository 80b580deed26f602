"""RAFT (Teed & Deng 2020) as torchvision has it, with weights from torchvision, its authors or a file."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from vidstyle.checkpoints import Published, check_name, read_tensors
from vidstyle.errors import OutOfMemory, WeightsError, is_out_of_memory
from vidstyle.events import Notice, say_nothing
from vidstyle.flow.grey import colour_pair
from vidstyle.flow.raft_original import is_original, renamed

if TYPE_CHECKING:
    from torchvision.models.optical_flow import RAFT

NAMES = ("raft", "raft-small")

_MULTIPLE = 8  # its features are an eighth of the picture's size,
_LEAST = 128  # and are halved three times
_UPDATES = 12


class Raft:
    """Recurrent all-pairs field transforms: the most accurate where there is a GPU, slow without one.

    Memory grows with the square of the picture's area: 0.8 GB at 1280x720.
    """

    def __init__(self, name: str = "raft", weights: Path | None = None, device: str = "cpu") -> None:
        """name: "raft" or "raft-small". weights: a file, else torchvision's. device: as PyTorch names it."""
        self.name = name
        self.weights = weights
        self._device = torch.device(device)
        self._network: RAFT | None = None
        self._lock = Lock()

    def __call__(self, target: np.ndarray, source: np.ndarray) -> np.ndarray:
        height, width = target.shape[1:]
        images = [self._image(picture) for picture in colour_pair(target, source)]
        # One call at a time: the network keeps its correlations in itself, so threads must not share it.
        with self._lock, torch.inference_mode():
            flow = self._found(*images)
        return np.ascontiguousarray(flow[0, :, :height, :width].float().cpu().numpy())

    def _found(self, target: Tensor, source: Tensor) -> Tensor:
        try:
            flow: Tensor = self._loaded()(target, source, num_flow_updates=_UPDATES)[-1]
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            height, width = target.shape[2:]
            raise OutOfMemory(
                f"--flow {self.name} runs out of memory at {width}x{height}; choose a smaller --flow-size, "
                "or --flow dis"
            ) from None
        return flow

    def prepared(self, weights: Path | None, device: str, notice: Notice) -> Raft:
        """With weights found or fetched and loaded, so that what is wrong with them is told at once.

        Raises WeightsError.
        """
        network = Raft(self.name, weights, device)
        network._loaded(notice)
        return network

    def _loaded(self, notice: Notice = say_nothing) -> RAFT:
        if self._network is None:
            if self.weights is None:
                self.weights = _published_file(self.name, notice)
            self._network = _load(self.name, self.weights).to(self._device)
        return self._network

    def _image(self, picture: np.ndarray) -> Tensor:
        """uint8 (h, w, 3) as float32 (1, 3, H, W) in [-1, 1], the border repeated to a size RAFT takes."""
        image = torch.from_numpy(picture).to(self._device).permute(2, 0, 1)[None].float() / 127.5 - 1
        height, width = (max(_LEAST, -(-side // _MULTIPLE) * _MULTIPLE) for side in image.shape[2:])
        return pad(image, (0, width - image.shape[3], 0, height - image.shape[2]), mode="replicate")


def published(name: str) -> Published:
    """What torchvision publishes for "raft" or "raft-small"."""
    from torchvision.models.optical_flow import Raft_Large_Weights, Raft_Small_Weights

    small = name == "raft-small"
    url = (Raft_Small_Weights if small else Raft_Large_Weights).DEFAULT.url
    title = "the small RAFT" if small else "RAFT"
    return Published(title, str(url), 4 if small else 20, "--flow dis does without", "--flow-weights FILE")


def at_hand(name: str) -> bool:
    """Whether torchvision's weights for "raft" or "raft-small" are here, so that none need be fetched."""
    return published(name).cached().is_file()


def _published_file(name: str, notice: Notice) -> Path:
    weights = published(name)
    path = weights.cached()
    if not path.is_file():
        return weights.fetch(notice)
    check_name(path, path.name)
    return path


def _load(name: str, path: Path) -> RAFT:
    from torchvision.models.optical_flow import raft_large, raft_small

    if not path.is_file():
        raise WeightsError(f"{path}: no such weights file; --flow-weights takes a state dict for {name}")
    tensors, _ = read_tensors(path)
    network = (raft_small if name == "raft-small" else raft_large)(weights=None, progress=False)
    try:
        network.load_state_dict(renamed(tensors) if is_original(tensors) else tensors)
    except (RuntimeError, ValueError):
        raise WeightsError(
            f"{path} does not hold the weights of {name}, neither torchvision's nor its authors'"
        ) from None
    if not all(bool(value.isfinite().all()) for value in tensors.values()):
        raise WeightsError(f"{path} holds values that are not finite; the file is damaged")
    return network.eval().requires_grad_(False)
