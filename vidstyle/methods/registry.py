"""The painting methods by name. Nothing of a method is imported before it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from vidstyle.options.base import Command

if TYPE_CHECKING:
    from vidstyle.methods.base import Method

METHODS = {
    "style": "vidstyle.methods.style",
    "analogy": "vidstyle.methods.analogy",
    "dfi": "vidstyle.methods.dfi",
    "texture": "vidstyle.methods.texture",
    "student": "vidstyle.methods.student",
    "keys": "vidstyle.methods.keys",
    "colour": "vidstyle.methods.colour",
    "fill": "vidstyle.methods.fill",
}
"""Name, as on the command line -> its package: `options.COMMAND` says how it is called, without torch;
`method.METHOD` is what paints."""


def command(name: str) -> Command:
    """How the method of this name is called. Raises KeyError where there is none."""
    found: Command = import_module(f"{METHODS[name]}.options").COMMAND
    return found


def method(name: str) -> Method:
    """The method of this name. Raises KeyError where there is none."""
    found: Method = import_module(f"{METHODS[name]}.method").METHOD
    return found


def asked_for(name: str, settings: Mapping[str, Any]) -> str:
    """The method that a command called `name` paints by, with these settings of it."""
    inside = [(other, command(other)) for other in METHODS if other != name]
    return next((o for o, own in inside if own.within == name and settings.get(own.asked)), name)


def instead(name: str, options: Any) -> tuple[Callable[..., Any], Any] | None:
    """What the method's command does instead of painting, by its options; the value of that which asks."""
    for asked, place in command(name).instead.items():
        if (value := getattr(options, asked)) is not None:
            module, _, function = place.partition(":")
            return getattr(import_module(module), function), value
    return None


def lenders(preset: str) -> Iterator[tuple[str, Command]]:
    """The methods that lend options to a preset of another, by their names."""
    return ((name, own) for name, own in ((each, command(each)) for each in METHODS) if preset in own.lent)


def method_name(options: Any) -> str:
    """The name of the method that these options belong to."""
    return next(name for name in METHODS if command(name).options is type(options))
