"""What a user writes to say which attributes are given to a picture, and from what they are learnt."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from vidstyle.errors import UsageError
from vidstyle.options.base import absolute

_SET = r"([^:=\[\]]+)(?:\[([^\]]*)\])?"
_ATTRIBUTE = re.compile(rf"([^:=\[\]]+)(?::([^:=]+))?={_SET}(?::{_SET})?")
_TAKES = "--attribute takes NAME=SOURCE:TARGET or NAME=VECTOR.safetensors, and NAME:WEIGHT=..."


@dataclass(frozen=True)
class SetSpec:
    """A folder of pictures, or a list of them and which rows: COLUMN=VALUE,COLUMN=VALUE..."""

    path: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.path}[{self.where}]" if self.where else self.path


@dataclass(frozen=True)
class AttributeSpec:
    """An attribute by its source and target set, or by the file of a vector; weight: at strength 1."""

    name: str
    weight: float = 1.0
    source: SetSpec | None = None
    target: SetSpec | None = None
    vector: str | None = None

    def __str__(self) -> str:
        weight = "" if self.weight == 1 else f":{self.weight!r}"
        return f"{self.name}{weight}={self.vector or f'{self.source}:{self.target}'}"


def parse_where(text: str, option: str = "--where") -> dict[str, str]:
    """ "smiling=1,sex=f" as {"smiling": "1", "sex": "f"}; raises UsageError for anything else."""
    result = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise UsageError(f"{option} takes COLUMN=VALUE,COLUMN=VALUE..., not {text!r}")
        result[name] = value
    return result


def parse_attribute(text: str) -> AttributeSpec:
    """ "smile=plain:smiling", "smile:0.5=a.csv[smiling=0]:a.csv[smiling=1]" or "smile=smile.safetensors".

    Raises UsageError for anything else.
    """
    match = _ATTRIBUTE.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{_TAKES}, not {text!r}")
    name, number, source, source_where, target, target_where = match.groups()
    spec = AttributeSpec(name.strip(), _weight(number, text))
    if target is not None:
        return replace(spec, source=_set(source, source_where), target=_set(target, target_where))
    if source_where is not None or not source.endswith(".safetensors"):
        raise UsageError(f"{_TAKES}, not {text!r}")
    return replace(spec, vector=source)


def located_attribute(text: str) -> str:
    """The same with its files as they are found from any directory."""
    spec = parse_attribute(text)
    return str(
        replace(
            spec,
            source=spec.source and replace(spec.source, path=absolute(spec.source.path)),
            target=spec.target and replace(spec.target, path=absolute(spec.target.path)),
            vector=spec.vector and absolute(spec.vector),
        )
    )


def _set(path: str, where: str | None) -> SetSpec:
    parse_where(where or "")
    return SetSpec(path.strip(), where or "")


def _weight(number: str | None, text: str) -> float:
    try:
        weight = 1.0 if number is None else float(number)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise UsageError(f"--attribute: {number!r} in {text!r} is no number for a weight")
    return weight
