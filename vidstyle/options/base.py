"""What all dataclasses of options share: fields with help texts, checked when made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import Field, field, fields
from typing import Any, TypeVar

from vidstyle.errors import UsageError


def option(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    flag: str | None = None,
    metavar: str | None = None,
) -> Any:
    """A dataclass field with what the command line shows; `choices` and the limits are checked when made."""
    metadata = {"help": help, "choices": choices, "minimum": minimum, "maximum": maximum}
    return field(default=default, metadata={**metadata, "flag": flag, "metavar": metavar})


def _check(name: str, spec: Field[Any], value: Any) -> None:
    option = "--" + name.replace("_", "-")
    choices, minimum, maximum = (spec.metadata.get(key) for key in ("choices", "minimum", "maximum"))
    if value is not None and choices and value not in choices:
        raise UsageError(f"{option} must be one of {', '.join(choices)}, not {value!r}")
    for number in value if isinstance(value, tuple) else (value,):
        if number is None or (minimum is None and maximum is None):
            continue
        is_number = isinstance(number, (int, float)) and not isinstance(number, bool)
        if minimum is not None and not (is_number and number >= minimum):
            raise UsageError(f"{option} must be at least {minimum:g}, not {number!r}")
        if maximum is not None and not (is_number and number <= maximum):
            raise UsageError(f"{option} must be at most {maximum:g}, not {number!r}")


class Checked:
    """Checks every field against its own `choices` and limits."""

    def __post_init__(self) -> None:
        for spec in fields(self):  # type: ignore[arg-type]
            _check(spec.name, spec, getattr(self, spec.name))


_Options = TypeVar("_Options")


def from_json(kind: type[_Options], values: Mapping[str, Any]) -> _Options:
    """Options as they were stored, tuples as lists. Raises UsageError or TypeError for wrong ones."""
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def as_in(kind: type[Any], name: str, help: str | None = None) -> Any:
    """A field like that of another dataclass, maybe with another help text."""
    spec = next(spec for spec in fields(kind) if spec.name == name)
    return field(default=spec.default, metadata={**spec.metadata, "help": help or spec.metadata["help"]})


def check_names(settings: Collection[str], *kinds: type[Any]) -> None:
    """Raise UsageError for a setting that is a field of none of the `kinds` of options."""
    unknown = set(settings).difference(*({spec.name for spec in fields(kind)} for kind in kinds))
    if unknown:
        raise UsageError(f"there is no setting called {', '.join(sorted(unknown))}; see vidstyle.options")
