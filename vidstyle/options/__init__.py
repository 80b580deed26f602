"""Every setting of a run, with its default: the one home from which the command line is derived.

Pure dataclasses without torch, so that `vidstyle --help` stays fast. Each field carries its help text and
whatever the command line and a job need to know about it in `metadata`. The options of a painting method are
in its own folder, see `vidstyle.methods`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from vidstyle.options.base import (
    MethodOptions,
    at_home,
    by_role,
    check_names,
    files_read,
    files_written,
    from_json,
)
from vidstyle.options.guidance import GuidanceOptions
from vidstyle.options.measuring import EvaluateOptions, FeaturesOptions, FlowOptions
from vidstyle.options.run import FEATURE_SETS, EncodeOptions, RunOptions

__all__ = [
    "FEATURE_SETS",
    "EncodeOptions",
    "EvaluateOptions",
    "FeaturesOptions",
    "FlowOptions",
    "GuidanceOptions",
    "MethodOptions",
    "RunOptions",
    "at_home",
    "by_role",
    "check_names",
    "files_read",
    "files_written",
    "from_json",
    "split_settings",
]


def split_settings(
    settings: Mapping[str, Any], hooks: Collection[str], *kinds: type[Any]
) -> tuple[list[Any], dict[str, Any]]:
    """Keyword arguments sorted into the options that they belong to, of these kinds, and the hooks.

    Raises UsageError for others.
    """
    check_names(set(settings).difference(hooks), *kinds)
    names = [{spec.name for spec in fields(each)} for each in kinds]
    sorted_in = [{name: value for name, value in settings.items() if name in its} for its in names]
    own_hooks = {name: value for name, value in settings.items() if name in hooks}
    return [kind(**own) for kind, own in zip(kinds, sorted_in, strict=True)], own_hooks
