"""What may be given for a field of a type: everything that means a value of it, whoever made it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from math import isfinite
from numbers import Integral, Rational, Real
from typing import Any, get_args, get_origin

WORDS = {bool: "True or False", int: "whole number", float: "number", str: "text"}

_LARGEST_EXACT = 2.0**53  # from here on, floating-point numbers leave whole ones out
_LONGEST_SHOWN = 80  # characters


def value_of(hint: Any, given: Any) -> Any:
    """What was given, as a field of a type holds it: a bool, int, float or str; or None; or a tuple of one.

    Numbers may be those of any library, several come in any sequence or array, or are one alone. A path will
    do for a text, and so will a number. True and False are no numbers.
    Raises TypeError, in one line without the field's name, for what is of another type.
    """
    kind, several, optional = _shape(hint)
    given = _plain(given)
    if given is None and optional:
        return None
    single = not isinstance(given, Sequence) or isinstance(given, (str, bytes))
    try:
        if several:
            return tuple(_TAKEN[kind](_plain(item)) for item in ([given] if single else given))
        return _TAKEN[kind](given)
    except (TypeError, OverflowError):
        raise TypeError(f"takes {_words(kind, several)}, not {_shown(given)}") from None


def _shape(hint: Any) -> tuple[type, bool, bool]:
    """The type of one value, whether there may be several, and whether there may be None."""
    if get_origin(hint) is tuple:
        return get_args(hint)[0], True, False
    kinds = get_args(hint) or (hint,)
    return kinds[0], False, type(None) in kinds


def _plain(value: Any) -> Any:
    """Without what a library has put around it: a number, or a list of an array; no library is imported."""
    if not hasattr(value, "ndim") or not hasattr(value, "tolist"):
        return value
    return value.tolist()


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _number(value: Any) -> Any:
    if not isinstance(value, Real) or isinstance(value, bool):
        raise TypeError
    return value


def _int(value: Any) -> int:
    number = _number(value)
    if not isinstance(number, Integral) and (number % 1 or abs(number) > _LARGEST_EXACT):
        raise TypeError
    return int(number)


def _float(value: Any) -> float:
    return float(_number(value))


def _str(value: Any) -> str:
    if isinstance(value, (str, os.PathLike)):
        return os.fsdecode(value)
    number = _number(value)
    if not isinstance(number, Rational) and not isfinite(number):
        raise TypeError
    return str(number)


_TAKEN: dict[type, Callable[[Any], Any]] = {bool: _bool, int: _int, float: _float, str: _str}


def _words(kind: type, several: bool) -> str:
    if kind is bool:
        return WORDS[kind]
    return f"{WORDS[kind]}s" if several else f"a {WORDS[kind]}"


def _shown(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
