"""Finding, fetching, verifying and loading the weights of the feature network."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from vidstyle.atomic import whole
from vidstyle.checkpoints import Published, check_name, read_tensors, sha256
from vidstyle.errors import VidstyleError, WeightsError
from vidstyle.events import Notice, say_nothing
from vidstyle.features.calibration import pictures
from vidstyle.features.convolutions import channels, fault, key, parts, reached
from vidstyle.features.original import WITHOUT, dequantized, installed_file
from vidstyle.features.vgg import calibrated
from vidstyle.options import FEATURE_SETS

BUNDLED = Path(__file__).with_name("bundled.safetensors")
_CALIBRATION_VERSION = "2"
_MOST_CHANNELS = 4096  # VGG-19 has 512; a tensor may claim any number without values to show for it


@dataclass(frozen=True)
class WeightsFile:
    """Where a set of weights lies.

    kind: its name in FEATURE_SETS, or "file". note: why it was chosen, or "".
    """

    kind: str
    path: Path
    note: str = ""

    def digest(self) -> str:
        """sha256 of the file, in hexadecimal."""
        return sha256(self.path)


@dataclass(frozen=True)
class Weights:
    """A loaded, normalised set: mean activation 1 at every layer over the calibration pictures.

    tensors: float32, by the names in `convolutions.parts`. metadata: what the file says of itself.
    """

    source: WeightsFile
    digest: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]


def find(
    choice: str,
    notice: Notice = say_nothing,
    *,
    draft: bool = False,
    fetch: bool = True,
    without: str = WITHOUT,
) -> WeightsFile:
    """The weights to use for `choice`: "auto", a name in FEATURE_SETS or a path.

    "auto" takes the original VGG-19; the bundled set for a draft, and where that cannot be had, which the
    source's note says. draft: whether a quick look is painted. fetch: whether torchvision's may be fetched
    where they are asked for by name. without: what is told to do where there is no VGG-19. Raises
    WeightsError where the choice cannot be had.
    """
    if choice == "auto":
        return _automatic(draft)
    if choice == "vgg19":
        return WeightsFile("vgg19", installed_file(without))
    if choice == "torchvision":
        return WeightsFile("torchvision", _torchvision_file(notice, fetch))
    if choice == "bundled":
        return WeightsFile("bundled", BUNDLED)
    path = Path(choice)
    if not path.is_file():
        names = ", ".join(FEATURE_SETS)
        raise WeightsError(f"{choice}: no such weights file; --features takes auto, {names} or a file")
    return WeightsFile("file", path)


def _automatic(draft: bool) -> WeightsFile:
    if draft:
        note = "a draft is painted with the bundled features; --features vgg19 takes VGG-19"
        return WeightsFile("bundled", BUNDLED, note)
    try:
        return WeightsFile("vgg19", installed_file())
    except WeightsError as error:
        return WeightsFile("bundled", BUNDLED, f"the bundled features are used: {error}")


def _torchvision_file(notice: Notice, fetch: bool) -> Path:
    published = torchvision()
    if (cached := published.cached()).is_file():
        return cached
    if not fetch:
        raise WeightsError(f"torchvision's VGG-19 is not in {cached}; vidstyle features --fetch fetches it")
    return published.fetch(notice)


def torchvision() -> Published:
    """Its VGG-19, as it is fetched and kept."""
    from torchvision.models import VGG19_Weights

    url = str(VGG19_Weights.IMAGENET1K_V1.url)
    return Published(
        "torchvision's VGG-19", url, 548, "--features vgg19 and bundled do without", "--features FILE"
    )


def load_weights(choice: str, draft: bool, notice: Notice) -> Weights:
    """The weights of the feature network that `choice` names, for a draft or not. Raises WeightsError."""
    found = find(choice, notice, draft=draft)
    if found.note:
        notice(found.note)
    return load(found)


def load(source: WeightsFile) -> Weights:
    """Read, check and normalise the weights. Nothing in the file is executed.

    Raises WeightsError for a file that is truncated, damaged or not VGG-19's convolutions.
    """
    digest = _verified(source)
    cached = cache_directory() / f"{digest}-{_CALIBRATION_VERSION}.safetensors"
    if cached.is_file():
        try:
            tensors, metadata = read_tensors(cached)
            return Weights(source, digest, tensors, metadata)
        except WeightsError:
            cached.unlink(missing_ok=True)
    tensors, metadata = _read(source)
    tensors = calibrated(tensors, pictures())
    _store(cached, tensors, metadata)
    return Weights(source, digest, tensors, metadata)


def describe(source: WeightsFile) -> dict[str, str]:
    """What a user wants to know of a set, by name: where it is, how deep, how made, what it suits.

    Raises WeightsError as `load` does.
    """
    digest = _verified(source)
    tensors, metadata = _read(source)
    facts = {
        "kind": source.kind,
        "path": str(source.path),
        "sha256": digest,
        "layers": f"conv1_1 to conv{reached(tensors)[-1]}",
        "made": metadata.get("teacher", ""),
        "objective": metadata.get("objective", ""),
        **(asdict(FEATURE_SETS[source.kind]) if source.kind in FEATURE_SETS else {}),
        "note": source.note,
    }
    return {name: value for name, value in facts.items() if value}


def survey(name: str) -> dict[str, str]:
    """What is to be known of the set that FEATURE_SETS calls `name`; nothing is fetched.

    Returns its "state": "here", with what `describe` tells; "not fetched", with the "path" it would have; or
    "cannot be used", with the "fault", which names the remedy. In each case what it suits and its licence.
    """
    known = asdict(FEATURE_SETS[name])
    if name == "torchvision" and not (cached := torchvision().cached()).is_file():
        return {"state": "not fetched", "path": str(cached), **known}
    try:
        return {"state": "here", **describe(find(name, fetch=False))}
    except WeightsError as error:
        return {"state": "cannot be used", "fault": str(error), **known}


def in_one_line(facts: Mapping[str, str]) -> str:
    """The findings of `survey` for a list of sets."""
    place = ", ".join(facts[key] for key in ("state", "layers", "path") if key in facts)
    digest = f", sha256 {facts['sha256'][:12]}" if "sha256" in facts else ""
    return f"{place}{digest}; suits {facts['suits']}; licence: {facts['licence']}"


def _verified(source: WeightsFile) -> str:
    """The sha256 of the file, which is that of what was published, where it was."""
    if source.kind == "bundled" and not source.path.is_file():
        raise WeightsError(f"the bundled features are missing from {source.path}; install vidstyle again")
    if source.kind == "torchvision":
        check_name(source.path, source.path.name)
    return source.digest()


def _read(source: WeightsFile) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The weights as they are in the file, checked, under torchvision's names; what it says of itself."""
    tensors, metadata = read_tensors(source.path)
    if source.kind == "vgg19":
        tensors = dequantized(tensors)
    return _checked(tensors, source.path), metadata


def _checked(tensors: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The convolutions from conv1_1 on without a gap, as float32."""
    result: dict[str, Tensor] = {}
    incoming = 3
    for suffix in reached(tensors):
        found = parts(tensors, suffix)
        if wrong := fault(found, incoming, _MOST_CHANNELS):
            raise WeightsError(f"{path}: conv{suffix} {wrong}")
        if not all(bool(tensor.isfinite().all()) for tensor in found.values()):
            raise WeightsError(f"{path}: conv{suffix} holds values that are not finite; the file is damaged")
        result |= {key(suffix, name): tensor.float() for name, tensor in found.items()}
        incoming = channels(tensors, suffix)
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
        with whole(path) as part:
            save_file(tensors, part, dict(metadata))
    except (OSError, SafetensorError, VidstyleError):
        return
