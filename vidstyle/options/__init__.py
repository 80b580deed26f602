"""Every setting of a run, with its default: the one home from which the command line is derived.

Pure dataclasses without torch, so that `vidstyle --help` stays fast. Each field carries its help text and
whatever the command line needs to know about it in `metadata`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from typing import Any

from vidstyle.options.analogy import AnalogyOptions
from vidstyle.options.base import at_home, by_role, check_names, from_json
from vidstyle.options.dfi import DfiOptions
from vidstyle.options.features import FEATURE_SETS
from vidstyle.options.guidance import GuidanceOptions, MaskOptions
from vidstyle.options.measuring import EvaluateOptions, FeaturesOptions, FlowOptions
from vidstyle.options.neural import NeuralOptions
from vidstyle.options.run import EncodeOptions, RunOptions
from vidstyle.options.texture import TextureOptions, TextureRunOptions

__all__ = [
    "FEATURE_SETS",
    "AnalogyOptions",
    "DfiOptions",
    "EncodeOptions",
    "EvaluateOptions",
    "FeaturesOptions",
    "FlowOptions",
    "GuidanceOptions",
    "MaskOptions",
    "NeuralOptions",
    "PaintOptions",
    "RunOptions",
    "TextureOptions",
    "TextureRunOptions",
    "at_home",
    "by_role",
    "check_names",
    "from_json",
    "split_settings",
]

PaintOptions = NeuralOptions | AnalogyOptions | DfiOptions | TextureOptions
"""Options of any painting method: each has its own dataclass."""


def split_settings(
    settings: Mapping[str, Any],
    hooks: Collection[str],
    kind: type[Any] = NeuralOptions,
    run_kind: type[Any] = RunOptions,
) -> tuple[Any, Any, EncodeOptions, dict[str, Any]]:
    """Keyword arguments sorted into the options they belong to and the hooks. UsageError for others.

    kind, run_kind: the dataclasses of the method's own options and of the run's, as they are returned.
    """
    kinds = (kind, run_kind, EncodeOptions)
    check_names(set(settings).difference(hooks), *kinds)
    names = [{spec.name for spec in fields(each)} for each in kinds]
    own, run, encode = ({name: value for name, value in settings.items() if name in its} for its in names)
    own_hooks = {name: value for name, value in settings.items() if name in hooks}
    return kind(**own), run_kind(**run), EncodeOptions(**encode), own_hooks
