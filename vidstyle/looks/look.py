"""A LOOK: one file with a network that has learnt it. Nothing in the file is executed, and all of it checked.

A .safetensors file with the weights in half precision, gains folded in; `thumbnail`, uint8 (3, h, w), of what
was learnt from; and `palette`, float32 (3, 4), its colours. Its metadata: the version, the plan, whether it
paints by flow, the size of what it has learnt on, how it was made, and a digest of all that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from vidstyle.atomic import whole
from vidstyle.checkpoints import read_tensors
from vidstyle.errors import OutputError, WeightsError
from vidstyle.image.convert import to_uint8
from vidstyle.image.resize import fit, resize
from vidstyle.looks.network import Plan, Student
from vidstyle.looks.recolouring import palette_of
from vidstyle.looks.shipped import SHIPPED, SUFFIX
from vidstyle.plain import json_text, parse_json, plain_size

_ENTRY, _VERSION = "vidstyle_look", 1
_PICTURES = "thumbnail", "palette"  # the tensors that are no weights
_LARGEST = 2**14  # pixels, of a picture that anybody has learnt on
_THUMBNAIL = 96  # pixels, the longer side
_MOST_BYTES = 8_000_000  # ten times what `vidstyle learn` writes


@dataclass(frozen=True, eq=False)
class Look:
    """plan, weights: of the network, float32 by their names. thumbnail: uint8 (3, h, w).

    palette: float32 (3, 4), of the style: what the network has learnt to see a frame in, see `match_palette`.
    flow: whether what was painted before is laid under; without, each frame is painted by itself. size:
    longer side in pixels of the pictures that it has learnt on. made: how it came about, in words and
    numbers. digest: in hexadecimal, of all of these.
    """

    plan: Plan
    weights: Mapping[str, Tensor]
    thumbnail: Tensor
    palette: Tensor
    flow: bool = True
    size: int = 320
    made: Mapping[str, str] = field(default_factory=dict)

    def student(self, arithmetic: torch.dtype = torch.float32) -> Student:
        """The network."""
        student = Student(self.plan)
        student.begin_with(self.weights)
        student.arithmetic = arithmetic
        return student

    def _stored(self) -> dict[str, Tensor]:
        halves = {name: weight.half().contiguous() for name, weight in self.weights.items()}
        return halves | {"thumbnail": self.thumbnail.contiguous(), "palette": self.palette.contiguous()}

    @property
    def digest(self) -> str:
        return _digest(self._stored(), self._told())

    def _told(self) -> dict[str, Any]:
        """What stands in the file's metadata beside the digest."""
        plan, made = self.plan.to_json(), dict(self.made)
        return {"version": _VERSION, "plan": plan, "flow": self.flow, "size": self.size, "made": made}


def look_of(
    student: Student,
    pictures: Sequence[Tensor],
    made: Mapping[str, str],
    *,
    flow: bool = True,
    size: int = 320,
) -> Look:
    """Of a network that paints one style. pictures: of the style, float32 (3, H, W) in [0, 1].

    flow, size, made: as a `Look` has them.
    """
    first = pictures[0].cpu()
    columns, rows = fit(first.shape[2], first.shape[1], _THUMBNAIL)
    small = torch.from_numpy(to_uint8(resize(first, (rows, columns))))
    weights = {name: weight.half().float().cpu() for name, weight in student.folded().items()}
    palette = palette_of([each.cpu() for each in pictures])
    return Look(student.plan, weights, small, palette, flow, size, made)


def write_look(path: Path, look: Look) -> None:
    """Write it whole or not at all. Raises OutputError."""
    told = look._told() | {"digest": look.digest}
    try:
        with whole(path) as part:
            save_file(look._stored(), part, {_ENTRY: json_text(told)})
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}") from error


def look_named(name: str) -> Path:
    """The file of a look that comes with the package, or that lies there. Raises WeightsError."""
    if name in SHIPPED:
        return SHIPPED[name]
    path = Path(name)
    if not path.exists():
        ours = f", or one of {', '.join(SHIPPED)}" if SHIPPED else ""
        raise WeightsError(f"{name}: no such look; give a file made by vidstyle learn{ours}")
    return path


def read_look(path: Path) -> Look:
    """Raises WeightsError for what is no look, one of another version, or damaged."""
    try:
        size = plain_size(path)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error.strerror}") from error
    if path.suffix != SUFFIX or size > _MOST_BYTES:
        raise WeightsError(f"{path} is no look: that is a small {SUFFIX} file made by vidstyle learn")
    tensors, metadata = read_tensors(path)
    if _ENTRY not in metadata:
        raise WeightsError(f"{path} is no look: it holds other tensors; vidstyle learn makes one")
    try:
        told = parse_json(metadata[_ENTRY].encode())
        if told["version"] != _VERSION:
            raise WeightsError(
                f"{path} is a look of another version of vidstyle ({str(told['version'])[:20]}, this one has "
                f"{_VERSION}); learn it anew with vidstyle learn"
            )
        return _checked(tensors, told)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is damaged ({error}); get or learn it anew") from None


def _checked(tensors: Mapping[str, Tensor], told: Mapping[str, Any]) -> Look:
    """Raises KeyError, TypeError or ValueError for what does not fit together."""
    plan, made, flow, size = Plan.stored(told["plan"]), told["made"], told["flow"], told["size"]
    if _digest(tensors, {key: value for key, value in told.items() if key != "digest"}) != told["digest"]:
        raise ValueError("its digest is another")
    if type(flow) is not bool or type(size) is not int or not 0 < size < _LARGEST:
        raise ValueError("it does not say how it paints")
    thumbnail = tensors["thumbnail"]
    if thumbnail.dtype != torch.uint8 or thumbnail.ndim != 3 or thumbnail.shape[0] != 3:
        raise ValueError("its thumbnail is no picture")
    palette = tensors["palette"]
    if palette.dtype != torch.float32 or palette.shape != (3, 4) or not bool(palette.isfinite().all()):
        raise ValueError("its palette is none")
    with torch.device("meta"):
        wanted = {name: tuple(weight.shape) for name, weight in Student(plan).folded().items()}
    found = {name: weight for name, weight in tensors.items() if name not in _PICTURES}
    if {name: tuple(weight.shape) for name, weight in found.items()} != wanted:
        raise ValueError("its weights are not those of its plan")
    if not all(each.dtype == torch.float16 and bool(each.isfinite().all()) for each in found.values()):
        raise ValueError("its weights are not finite numbers in half precision")
    if not isinstance(made, dict):
        raise ValueError("it does not say how it was made")
    weights = {name: weight.float() for name, weight in found.items()}
    made = {str(name): str(value) for name, value in made.items()}
    return Look(plan, weights, thumbnail, palette, flow, size, made)


def _digest(tensors: Mapping[str, Tensor], *told: Any) -> str:
    """sha256 of JSON values and of tensors, whose names, types and shapes count."""
    found = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()
