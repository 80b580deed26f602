"""Finding, fetching, verifying and loading the weights of the feature network."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from vidstyle.checkpoints import Published, check_name, read_tensors, sha256
from vidstyle.errors import VidstyleError, WeightsError
from vidstyle.features.calibration import pictures
from vidstyle.features.vgg import CONV_INDEX, calibrated

BUNDLED = Path(__file__).with_name("bundled.safetensors")
_BUNDLED_LIMITS = "textures, edges and colours, little meaning: for faces and objects use VGG-19"
_CALIBRATION_VERSION = "1"
_MOST_CHANNELS = 4096  # VGG-19 has 512; a tensor may claim any number without values to show for it


@dataclass(frozen=True)
class Source:
    """Where a set of weights lies. kind: "vgg19", "bundled" or "file"; note: why it was chosen, or ""."""

    kind: str
    path: Path
    note: str = ""

    def digest(self) -> str:
        """sha256 of the file, in hexadecimal."""
        return sha256(self.path)


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
    return _vgg19().cached()


def fetch_vgg19(notice: Callable[[str], None] = lambda line: None) -> Path:
    """Download torchvision's VGG-19 into its cache, checked; see `Published.fetch`."""
    return _vgg19().fetch(notice)


def _vgg19() -> Published:
    from torchvision.models import VGG19_Weights

    url = str(VGG19_Weights.IMAGENET1K_V1.url)
    return Published("VGG-19", url, 548, "--features bundled does without", "--features FILE")


def load(source: Source) -> Weights:
    """Read, check and normalise the weights. Nothing in the file is executed.

    Raises WeightsError for a file that is truncated, damaged or not VGG-19's convolutions.
    """
    if source.kind == "bundled" and not source.path.is_file():
        raise WeightsError(f"the bundled features are missing from {source.path}; install vidstyle again")
    if source.kind == "vgg19":
        check_name(source.path, source.path.name)
    digest = source.digest()
    cached = cache_directory() / f"{digest}-{_CALIBRATION_VERSION}.safetensors"
    if cached.is_file():
        try:
            tensors, metadata = read_tensors(cached)
            return Weights(source, digest, tensors, metadata)
        except WeightsError:
            cached.unlink(missing_ok=True)
    tensors, metadata = read_tensors(source.path)
    tensors = calibrated(_checked(tensors, source.path), pictures())
    _store(cached, tensors, metadata)
    return Weights(source, digest, tensors, metadata)


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
        fits = fits and 1 <= weight.shape[0] <= _MOST_CHANNELS
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


def cache_directory() -> Path:
    """Where vidstyle keeps what it can make again: VIDSTYLE_CACHE, else in the user's cache."""
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
