"""What all dataclasses of options share: fields with help texts, checked when made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

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
    located: Callable[[str], str] | None = None,
    whole: bool = False,
    role: str = "decides",
) -> Any:
    """A dataclass field with what the command line shows; `choices` and limits are checked when made.

    located: of a field that names files: the same value, good from any directory (see `at_home`).
    whole: of several values: each is given on its own, and may have commas in it.
    role: of the value in a job: it "decides" what is painted; it names a file that is "read", whose content
        decides; or one that is "written" beside the result; or it is "free" to change between runs.
    """
    shown = {"help": help, "choices": choices, "flag": flag, "metavar": metavar}
    checked = {"minimum": minimum, "maximum": maximum}
    handled = {"located": located, "whole": whole, "role": role}
    return field(default=default, metadata=shown | checked | handled)


def absolute(path: str) -> str:
    """The path as it is found from any directory."""
    return str(Path(path).absolute())


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


class WithQuality:
    """What follows from the `quality` of the options that have one."""

    quality: str

    @property
    def is_draft(self) -> bool:
        """Whether a first look is asked for, and quick counts for more than good."""
        return self.quality == "draft"


_Options = TypeVar("_Options")


def from_json(kind: type[_Options], values: Mapping[str, Any]) -> _Options:
    """Options as they were stored, tuples as lists. Raises UsageError or TypeError for others."""
    hints = get_type_hints(kind)
    if missing := sorted(spec.name for spec in fields(kind) if spec.name not in values):  # type: ignore[arg-type]
        raise UsageError(f"{missing[0]} is not set")
    for name in values.keys() & hints.keys():
        if not _is_a(values[name], hints[name]):
            raise UsageError(f"{name} cannot be {str(values[name])[:80]!r}")
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})


def _is_a(value: Any, hint: Any) -> bool:
    """Whether a JSON value is of a field's type: a whole number will do for any, true and false are none."""
    if get_origin(hint) is tuple:
        return isinstance(value, list) and all(_is_a(item, get_args(hint)[0]) for item in value)
    if kinds := get_args(hint):
        return any(_is_a(value, kind) for kind in kinds)
    if isinstance(value, bool):
        return hint is bool
    return isinstance(value, (int, float) if hint is float else hint)


def at_home(options: _Options) -> _Options:
    """The same options with every file they name as it is found from any directory."""
    found = {}
    for spec in fields(options):  # type: ignore[arg-type]
        located, value = spec.metadata.get("located"), getattr(options, spec.name)
        if located and value:
            found[spec.name] = tuple(map(located, value)) if isinstance(value, tuple) else located(value)
    return replace(options, **found)  # type: ignore[type-var]


def by_role(options: Any, role: str) -> dict[str, Any]:
    """The values of the fields that have this role in a job."""
    return {s.name: getattr(options, s.name) for s in fields(options) if s.metadata["role"] == role}


def as_in(kind: type[Any], name: str, help: str | None = None) -> Any:
    """A field like that of another dataclass, maybe with another help text."""
    spec = next(spec for spec in fields(kind) if spec.name == name)
    return field(default=spec.default, metadata={**spec.metadata, "help": help or spec.metadata["help"]})


def check_names(settings: Collection[str], *kinds: type[Any]) -> None:
    """Raise UsageError for a setting that is a field of none of the `kinds` of options."""
    unknown = set(settings).difference(*({spec.name for spec in fields(kind)} for kind in kinds))
    if unknown:
        raise UsageError(f"there is no setting called {', '.join(sorted(unknown))}; see vidstyle.options")
