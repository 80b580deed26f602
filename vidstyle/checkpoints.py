"""Files of network weights: fetched once, verified, and read without executing anything in them."""

from __future__ import annotations

import hashlib
import os
import shutil
import urllib.request
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from vidstyle.atomic import whole
from vidstyle.errors import WeightsError
from vidstyle.events import Notice, say_nothing
from vidstyle.plain import plain_size

_CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Published:
    """Weights that torchvision publishes under a name that ends in the first digits of their sha256.

    title: "VGG-19". megabytes: how much there is to fetch. without: how to do without them, in words for the
    user. own_file: the option that takes a copy.
    """

    title: str
    url: str
    megabytes: int
    without: str
    own_file: str

    def cached(self) -> Path:
        """Where torchvision keeps them, whether or not they are there."""
        return Path(torch.hub.get_dir()) / "checkpoints" / Path(self.url).name

    def fetch(self, notice: Notice = say_nothing) -> Path:
        """Download them into torchvision's cache, checked, and return the path.

        Raises WeightsError where they cannot be had. VIDSTYLE_OFFLINE=1 forbids the attempt.
        """
        target = self.cached()
        if os.environ.get("VIDSTYLE_OFFLINE") == "1":
            raise WeightsError(f"{self.title} is not in {target} and VIDSTYLE_OFFLINE forbids fetching it")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with (
                urllib.request.urlopen(self.url, timeout=_CONNECT_SECONDS) as response,
                whole(target) as part,
            ):
                notice(f"fetching {self.title}, {self.megabytes} MB, once ({self.without})")
                with part.open("wb") as file:
                    shutil.copyfileobj(response, file, 1 << 20)
                check_name(part, target.name)
        except OSError as error:
            reason = getattr(error, "reason", None) or error
            raise WeightsError(
                f"{self.title} could not be fetched ({reason}); {self.own_file} takes a copy"
            ) from None
        return target


def sha256(path: Path) -> str:
    """sha256 of a file, in hexadecimal. Raises WeightsError where it cannot be read."""
    try:
        plain_size(path)
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error


def check_name(path: Path, name: str) -> None:
    """Whether a file is what torchvision published under `name`, such as vgg19-dcbb9e9d.pth.

    Raises WeightsError where its sha256 does not begin with the digits in that name.
    """
    expected = Path(name).stem.rpartition("-")[2]
    if not sha256(path).startswith(expected):
        raise WeightsError(
            f"{name} is damaged: its checksum is not {expected}...; delete it and fetch it again"
        )


def read_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a PyTorch state dict or a .safetensors file, and what the latter says of itself.

    Raises WeightsError for a file that is truncated, damaged or something else.
    """
    try:
        plain_size(path)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    try:
        with warnings.catch_warnings():  # of what is odd about a file: it can be read, or it cannot
            warnings.simplefilter("ignore")
            state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # unpickling damaged bytes raises nearly anything
        raise WeightsError(
            f"{path}: not a readable weights file ({type(error).__name__}); it takes a PyTorch state dict or "
            "a .safetensors file"
        ) from None
    if not isinstance(state, Mapping):
        raise WeightsError(f"{path}: holds a {type(state).__name__}, not a state dict")
    return {str(key): value for key, value in state.items() if isinstance(value, Tensor)}, {}


def _read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    try:
        with safe_open(path, framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise WeightsError(f"{path}: damaged or not a .safetensors file ({error})") from None
