"""What all dataclasses of options share: fields that tell all about themselves, checked when made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import Field, dataclass, field, fields, make_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from vidstyle.errors import UsageError
from vidstyle.options.values import value_of
from vidstyle.plain import absolute

ROLES = ("decides", "encodes", "written", "free")
"""Of a value in a job: it decides what is painted; or how that is written; it names what is written beside
the result; or it is free to change between the runs of a job."""


def option(
    default: Any,
    help: str,
    *,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    flag: str | None = None,
    metavar: str | None = None,
    whole: bool = False,
    called: str | None = None,
    role: str = "decides",
    often: bool = False,
) -> Any:
    """A dataclass field with what the command line shows; `choices` and limits are checked when made.

    whole: of several values: each is given on its own, and may have commas in it.
    called: what the option is called, where that can be no field's name.
    role: one of `ROLES`. often: whether many change it, so that a page shows it at once.
    """
    if role not in ROLES:
        raise ValueError(f"role must be one of {', '.join(ROLES)}, not {role!r}")
    shown = {"help": help, "choices": choices, "flag": flag, "metavar": metavar, "called": called}
    checked = {"minimum": minimum, "maximum": maximum}
    told = {"whole": whole, "role": role, "parts": None, "often": often}
    return field(default=default, metadata=shown | checked | told)


Parts = Callable[[str], list[str]]
"""A value that names files -> what it says, cut up: every other part, from the second on, is a path."""


def file_option(
    default: Any,
    help: str,
    *,
    words: Collection[str] = (),
    parts: Parts | None = None,
    metavar: str = "FILE",
    whole: bool = False,
    called: str | None = None,
    role: str = "decides",
    often: bool = False,
) -> Any:
    """A field that names a file, or several. Unless it is `written`, its content counts, not its name.

    It is made absolute, spared from being overwritten, and found again in a job that has moved. words: values
    that name no file. parts: where a value is more than a path.
    """
    made = option(default, help, metavar=metavar, whole=whole, called=called, role=role, often=often)
    cut = parts or (lambda value: [value] if value in words else ["", value])
    return field(default=default, metadata={**made.metadata, "parts": cut})


def check_value(spec: Field[Any], value: Any) -> None:
    """Raise UsageError where a value, of the field's type, is none of its choices or beyond its limits."""
    option = called(spec)
    choices, minimum, maximum = (spec.metadata.get(key) for key in ("choices", "minimum", "maximum"))
    if value is not None and choices and value not in choices:
        raise UsageError(f"{option} must be one of {', '.join(choices)}, not {value!r}")
    for number in value if isinstance(value, tuple) else (value,):
        if number is None:
            continue
        if minimum is not None and not number >= minimum:
            raise UsageError(f"{option} must be at least {minimum:g}, not {number!r}")
        if maximum is not None and not number <= maximum:
            raise UsageError(f"{option} must be at most {maximum:g}, not {number!r}")


def option_name(name: str) -> str:
    """style_weight -> --style-weight"""
    return "--" + name.replace("_", "-")


def called(spec: Field[Any]) -> str:
    """The option of a field."""
    return spec.metadata.get("called") or option_name(spec.name)


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    return get_type_hints(kind)


class Checked:
    """Holds every field as its type says, whatever stood for that, and checks its `choices` and limits.

    Raises UsageError when made.
    """

    def __post_init__(self) -> None:
        kind: Any = type(self)
        for spec in fields(kind):
            try:
                value = value_of(_hints(kind)[spec.name], getattr(self, spec.name))
            except TypeError as error:
                raise UsageError(f"{called(spec)} {error}") from None
            object.__setattr__(self, spec.name, value)  # the classes are frozen
            check_value(spec, value)


class MethodOptions(Checked):
    """What the spine asks of the options of any method; a method has fields, or answers, of its own."""

    @property
    def longest(self) -> int:
        """Longest side in pixels of what is painted where --size is not given."""
        return 2**24

    @property
    def is_draft(self) -> bool:
        """Whether a first look is asked for, and quick counts for more than good."""
        return getattr(self, "quality", None) == "draft"

    @property
    def independent(self) -> bool:
        """Whether every frame is painted on its own."""
        return False

    @property
    def save_every(self) -> int | None:
        """Of a still: after how many steps a picture is written, again and again."""
        return None


@dataclass(frozen=True)
class Pictures:
    """Which pictures a method learns from, and how the command line calls them.

    least, most: how many; None is any number.
    """

    metavar: str = "STYLE"
    help: str = "One or more style pictures."
    least: int = 1
    most: int | None = None

    def check(self, method: str, count: int) -> None:
        """Raise UsageError where this is not a number of pictures that `method` learns from."""
        if count < self.least:
            raise UsageError("give at least one style picture")
        if self.most is not None and count > self.most:
            raise UsageError(f"{method} takes {'one' if self.most else 'no'} exemplar, not {count}")


@dataclass(frozen=True)
class Command:
    """What the command line shows of a method.

    options: the dataclass of its own. help: its line; title: of its options. pictures: that it learns from.
    source: whether it paints a clip, or else makes pictures from none. run: the options of a run that it
    takes, `RunOptions` or a dataclass with a method `for_run` that makes them.
    presets: further commands, by name: the line of each, and the options that it sets.
    within: of a method without a command of its own: the one that calls it where its option `asked` is given.
    taught: the options of painting by a network that learns from what it paints; None where none can.
    instead: by an option, as "module:function", what the command does instead of painting where it is given;
    it takes the input, the output, the option's value, the options of the run, and hooks.
    lent: by the name of another method's preset, the options of this one that it takes, too; where one of
    the first two is given, this method paints, with what the preset sets.
    otherwise: the preset of another method in whose place this one paints where it is given nothing else.
    """

    options: type[Any]
    run: type[Any]
    help: str
    title: str
    pictures: Pictures = Pictures()
    source: bool = True
    presets: Mapping[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    within: str = ""
    asked: str = ""
    taught: type[Any] | None = None
    instead: Mapping[str, str] = field(default_factory=dict)
    lent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    otherwise: str = ""


_Options = TypeVar("_Options")


def from_json(kind: type[_Options], values: Mapping[str, Any]) -> _Options:
    """Options as they were stored, tuples as lists. Raises UsageError or TypeError for others."""
    if missing := sorted(spec.name for spec in fields(kind) if spec.name not in values):  # type: ignore[arg-type]
        raise UsageError(f"{missing[0]} is not set")
    return kind(**values)


def at_home(options: _Options) -> _Options:
    """The same options with every file they name as it is found from any directory."""

    def located(parts: Parts, text: str) -> str:
        found = parts(text)
        found[1::2] = [str(absolute(Path(path))) for path in found[1::2]]
        return "".join(found)

    found = {}
    for spec in fields(options):  # type: ignore[arg-type]
        parts, value = spec.metadata["parts"], getattr(options, spec.name)
        if parts and value:
            several = isinstance(value, tuple)
            found[spec.name] = tuple(located(parts, v) for v in value) if several else located(parts, value)
    return replace(options, **found)  # type: ignore[type-var]


def paths_of(spec: Field[Any], value: Any) -> list[Path]:
    """The files that a field's value names; none for a field that names none."""
    parts: Parts | None = spec.metadata["parts"]
    if parts is None or not value:
        return []
    each = value if isinstance(value, tuple) else (value,)
    return [Path(path) for text in each for path in parts(text)[1::2]]


def files_read(options: Any) -> list[Path]:
    """All files that the options name to be read."""
    return _files(options, lambda role: role != "written")


def files_written(options: Any) -> list[Path]:
    """All files and folders that the options name to be written beside the result."""
    return _files(options, lambda role: role == "written")


def _files(options: Any, wanted: Callable[[str], bool]) -> list[Path]:
    specs = [spec for spec in fields(options) if wanted(spec.metadata["role"])]
    return [path for spec in specs for path in paths_of(spec, getattr(options, spec.name))]


def by_role(options: Any, role: str) -> dict[str, Any]:
    """The values of the fields that have this role in a job."""
    return {s.name: getattr(options, s.name) for s in fields(options) if s.metadata["role"] == role}


_SAME = object()


def as_in(kind: type[Any], name: str, help: str | None = None, default: Any = _SAME) -> Any:
    """A field like that of another dataclass, maybe with another help text, or another default."""
    spec = next(spec for spec in fields(kind) if spec.name == name)
    shown = {**spec.metadata, "help": help or spec.metadata["help"]}
    return field(default=spec.default if default is _SAME else default, metadata=shown)


def part_of(kind: type[Any], names: Collection[str]) -> type[Any]:
    """A dataclass with these fields of another alone, to be shown."""
    hints = get_type_hints(kind)
    chosen = [(name, hints[name], as_in(kind, name)) for name in names]
    return make_dataclass(f"PartOf{kind.__name__}", chosen, frozen=True, kw_only=True)


def check_names(settings: Collection[str], *kinds: type[Any]) -> None:
    """Raise UsageError for a setting that is a field of none of the `kinds` of options."""
    unknown = set(settings).difference(*({spec.name for spec in fields(kind)} for kind in kinds))
    if unknown:
        raise UsageError(f"there is no setting called {', '.join(sorted(unknown))}; see vidstyle.options")
