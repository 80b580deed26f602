"""Settings of colouring by what was learnt."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.options.base import MethodOptions, file_option, option


@dataclass(frozen=True, kw_only=True)
class ColourOptions(MethodOptions):
    """Which colours are usual."""

    learn_from: str | None = file_option(
        None,
        "Without EXEMPLAR: learn first how your own things are coloured, from a folder of pictures or from "
        "a clip, in a few minutes.",
        metavar="FOLDER|CLIP",
        whole=True,
    )
    learn_steps: int = option(
        300,
        "With --learn-from: how long it learns.",
        minimum=1,
        metavar="NUMBER",
    )
