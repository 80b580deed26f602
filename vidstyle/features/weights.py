"""Finding, fetching, verifying and loading the weights of the feature network."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from vidstyle.errors import VidstyleError, WeightsError
from vidstyle.features.calibration import pictures
from vidstyle.features.vgg import CONV_INDEX, calibrated

BUNDLED = Path(__file__).with_name("bundled.safetensors")
_BUNDLED_LIMITS = "textures, edges and colours, little meaning: for faces and objects use VGG-19"
_CALIBRATION_VERSION = "1"
_CONNECT_SECONDS = 5.0


@dataclass(frozen=True)
class Source:
    """Where a set of weights lies. kind: "vgg19", "bundled" or "file"; note: why it was chosen, or ""."""

    kind: str
    path: Path
    note: str = ""

    def digest(self) -> str:
        """sha256 of the file, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class Weights:
    """A loaded, normalised set: mean activation 1 at every layer over the calibration pictures.

    tensors: "features.N.weight" and "features.N.bias", float32. metadata: what the file says of itself.
    """

    source: Source
    digest: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]

    def describe(self) -> dict[str, str]:
        """What a user wants to know of the set, by name: where it is, how deep, how made, its limits."""
        depth = sum(name.endswith(".weight") for name in self.tensors)
        facts = {
            "kind": self.source.kind,
            "path": str(self.source.path),
            "sha256": self.digest,
            "layers": f"conv1_1 to conv{list(CONV_INDEX)[depth - 1]}",
            "made": self.metadata.get("teacher", ""),
            "objective": self.metadata.get("objective", ""),
            "limits": _BUNDLED_LIMITS if self.source.kind == "bundled" else "",
            "note": self.source.note,
        }
        return {name: value for name, value in facts.items() if value}


def find(choice: str, notice: Callable[[str], None] = lambda line: None, fetch: bool = True) -> Source:
    """The weights to use for `choice`: "auto", "vgg19", "bundled" or a path.

    "auto" takes ImageNet VGG-19 from torchvision's cache, else fetches it (when `fetch`), else falls back to
    the bundled set and says so in the source's note. Raises WeightsError where the choice cannot be had.
    """
    if choice == "bundled":
        return Source("bundled", BUNDLED)
    if choice not in ("auto", "vgg19"):
        path = Path(choice)
        if not path.is_file():
            raise WeightsError(
                f"{choice}: no such weights file; --features takes auto, vgg19, bundled or a file"
            )
        return Source("file", path)
    cached = vgg19_cache()
    if cached.is_file():
        return Source("vgg19", cached)
    try:
        if not fetch:
            raise WeightsError("VGG-19 is not here yet; painting tries to fetch it, as does --fetch")
        return Source("vgg19", fetch_vgg19(notice))
    except WeightsError as error:
        if choice == "vgg19":
            raise
        return Source("bundled", BUNDLED, f"the bundled features are used: {error}")


def vgg19_cache() -> Path:
    """Where torchvision keeps its VGG-19, whether or not it is there."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(_vgg19_url()).name


def _vgg19_url() -> str:
    from torchvision.models import VGG19_Weights

    return str(VGG19_Weights.IMAGENET1K_V1.url)


def fetch_vgg19(notice: Callable[[str], None] = lambda line: None) -> Path:
    """Download torchvision's VGG-19 (548 MB) into its cache, checked, and return the path.

    Raises WeightsError where it cannot be had. VIDSTYLE_OFFLINE=1 forbids the attempt.
    """
    target = vgg19_cache()
    if os.environ.get("VIDSTYLE_OFFLINE") == "1":
        raise WeightsError(f"VGG-19 is not in {target} and VIDSTYLE_OFFLINE forbids fetching it")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            urllib.request.urlopen(_vgg19_url(), timeout=_CONNECT_SECONDS) as response,
            tempfile.NamedTemporaryFile(dir=target.parent, prefix=".vgg19-", delete=False) as file,
        ):
            notice("fetching VGG-19, 548 MB, once (--features bundled does without)")
            part = Path(file.name)
            try:
                shutil.copyfileobj(response, file, 1 << 20)
                file.flush()
                _check_name(part, target.name)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        raise WeightsError(f"VGG-19 could not be fetched ({reason}); --features FILE takes a copy") from None
    return target


def _check_name(path: Path, name: str) -> None:
    """torchvision names a file after the first digits of its sha256: vgg19-dcbb9e9d.pth."""
    expected = Path(name).stem.rpartition("-")[2]
    if not Source("vgg19", path).digest().startswith(expected):
        raise WeightsError(
            f"{name} is damaged: its checksum is not {expected}...; delete it and fetch it again"
        )


def load(source: Source) -> Weights:
    """Read, check and normalise the weights. Nothing in the file is executed.

    Raises WeightsError for a file that is truncated, damaged or not VGG-19's convolutions.
    """
    if source.kind == "bundled" and not source.path.is_file():
        raise WeightsError(f"the bundled features are missing from {source.path}; install vidstyle again")
    if source.kind == "vgg19":
        _check_name(source.path, source.path.name)
    digest = source.digest()
    cached = _cache_directory() / f"{digest}-{_CALIBRATION_VERSION}.safetensors"
    if cached.is_file():
        try:
            tensors, metadata = _read_safetensors(cached)
            return Weights(source, digest, tensors, metadata)
        except WeightsError:
            cached.unlink(missing_ok=True)
    tensors, metadata = _read(source.path)
    tensors = calibrated(_checked(tensors, source.path), pictures())
    _store(cached, tensors, metadata)
    return Weights(source, digest, tensors, metadata)


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    try:
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


def _checked(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The convolutions from conv1_1 on without a gap, as float32."""
    result: dict[str, Tensor] = {}
    channels = 3
    for suffix, index in CONV_INDEX.items():
        names = f"features.{index}.weight", f"features.{index}.bias"
        weight, bias = (tensors.get(name) for name in names)
        if weight is None or bias is None:
            break
        fits = weight.ndim == 4 and weight.shape[1:] == (channels, 3, 3) and bias.shape == weight.shape[:1]
        if not fits or not weight.is_floating_point():
            raise WeightsError(
                f"{path}: conv{suffix} has shape {tuple(weight.shape)}; VGG-19 needs (N, {channels}, 3, 3)"
            )
        result |= {names[0]: weight.float(), names[1]: bias.float()}
        if not all(bool(result[name].isfinite().all()) for name in names):
            raise WeightsError(f"{path}: conv{suffix} holds values that are not finite; the file is damaged")
        channels = weight.shape[0]
    if not result:
        raise WeightsError(f"{path}: has no features.0.weight; it takes VGG-19 under torchvision's names")
    return result


def _cache_directory() -> Path:
    if named := os.environ.get("VIDSTYLE_CACHE"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vidstyle"


def _store(path: Path, tensors: dict[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Keep normalised weights for the next run; a cache that cannot be written is no error."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as directory:
            part = Path(directory) / path.name
            save_file(tensors, part, dict(metadata))
            part.replace(path)
    except (OSError, SafetensorError, VidstyleError):
        return
