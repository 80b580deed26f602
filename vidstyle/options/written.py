"""Options as they are written on a command line or in a form: text into values, and values into text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, fields
from typing import Any, get_args, get_origin, get_type_hints

from vidstyle.errors import UsageError
from vidstyle.options.base import called, option_name
from vidstyle.options.values import WORDS


def collect(options: type[Any], values: Mapping[str, Any]) -> Any:
    """The dataclass, from texts (of a bool, a bool; of several, a list of texts) by the names of its fields.

    Raises UsageError where a value is not what its field takes.
    """
    hints = get_type_hints(options)
    return options(**{f.name: parsed(f, hints[f.name], values[f.name]) for f in fields(options)})


def kind_of(hint: Any) -> tuple[type, bool]:
    """The type of one value, and whether there may be several: tuple[int, ...] -> (int, True)."""
    arguments = get_args(hint)
    return (arguments[0], get_origin(hint) is tuple) if arguments else (hint, False)


def parsed(spec: Field[Any], hint: Any, value: Any) -> Any:
    """A field's value from its text; a,b and a repeated option mean the same, unless each is taken whole."""
    kind, several = kind_of(hint)
    if kind is bool or (value is None and not several):
        return value
    if several and not spec.metadata.get("whole"):
        value = [item.strip() for text in value or () for item in text.split(",")]
    items = list(value or ()) if several else [value]
    try:
        found = tuple(kind(item) for item in items)
    except ValueError:
        takes = f"{WORDS[kind]}s with commas between them" if several else f"a {WORDS[kind]}"
        raise UsageError(f"{called(spec)} takes {takes}, not {','.join(items)!r}") from None
    return found if several else found[0]


def arguments(options: Any) -> list[str]:
    """What to write on a command line for these options: those that differ from the defaults."""
    found = []
    for spec in fields(options):
        value = getattr(options, spec.name)
        if value != spec.default:
            found += _argument(spec, value)
    return found


def _argument(spec: Field[Any], value: Any) -> list[str]:
    if isinstance(value, bool):
        return [called(spec) if value else option_name(f"no_{spec.name}")]
    if value is None:
        return []
    if not isinstance(value, tuple):
        texts = [_text(value)]
    elif spec.metadata["whole"]:
        texts = [_text(item) for item in value]
    else:
        texts = [",".join(map(_text, value))]
    # Joined by "=" where the text could be taken for an option: a negative number, say.
    pairs = [[f"{called(spec)}={t}"] if t.startswith("-") else [called(spec), t] for t in texts]
    return [word for pair in pairs for word in pair]


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
