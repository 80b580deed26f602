"""An evaluation as one page of HTML that needs nothing else: no scripts, no other files, no network.

What it looks like is in page.html.jinja and page.css.
"""

from __future__ import annotations

import base64
from pathlib import Path

import jinja2
import numpy as np

from vidstyle.evaluation.measures import Evaluation, PairPictures, WorstPair
from vidstyle.evaluation.plots import SERIES, heat_map, heat_stops, plots
from vidstyle.evaluation.table import HOW_TO_READ, LEVELS, remark, rows, significant, summary
from vidstyle.video.pictures import encode_jpeg

_SHARE_IN_SCALE = 99.5  # per cent of a heat map's pixels that its scale must reach
_Captioned = tuple[str, str]  # a picture's address, and the words below it


def page(evaluation: Evaluation) -> str:
    """The whole document: the table, plots over time, and the worst pairs of frames."""
    names = evaluation.names
    highest = _highest(evaluation)
    return _template().render(
        title=f"{', '.join(names[1:])} beside {Path(evaluation.original.path).name}",
        summary=summary(evaluation),
        origin=_origin(evaluation),
        how_to_read=HOW_TO_READ,
        remark=remark(evaluation),
        names=names,
        series=lambda at: 0 if at == 0 else 1 + (at - 1) % (SERIES - 1),
        rows=rows(evaluation),
        plots=plots(evaluation),
        worst=_worst(evaluation, highest),
        heat_stops=", ".join(heat_stops()),
        highest=significant(highest * LEVELS),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")


def _origin(evaluation: Evaluation) -> str:
    layers = f"style layers {', '.join(evaluation.style_layers)}; " if evaluation.styles else ""
    styles = (
        f"Style: {', '.join(Path(style).name for style in evaluation.styles)}; " if evaluation.styles else ""
    )
    text = f"{styles}{layers}content layers {', '.join(evaluation.content_layers)}."
    return text[0].upper() + text[1:]


def _worst(evaluation: Evaluation, highest: float) -> list[tuple[str, list[list[_Captioned]]]]:
    """The pictures of the worst pairs of every clip that has some."""
    clips = zip(evaluation.names, evaluation.clips, strict=True)
    shown = [
        (name, [_pair(p, p.pictures, highest) for p in clip.worst if p.pictures]) for name, clip in clips
    ]
    return [(name, pairs) for name, pairs in shown if pairs]


def _highest(evaluation: Evaluation) -> float:
    """The end of the scale of all heat maps."""
    changes = [pair.pictures.change for clip in evaluation.clips for pair in clip.worst if pair.pictures]
    known = [change[~np.isnan(change)] for change in changes]
    return max((float(np.percentile(each, _SHARE_IN_SCALE)) for each in known if each.size), default=0.0)


def _pair(pair: WorstPair, pictures: PairPictures, highest: float) -> list[_Captioned]:
    error = significant(pair.warping_error * 1000)
    return [
        (_address(pictures.original), f"original, frame {pair.frame}"),
        (_address(pictures.first), f"painted, frame {pair.frame}"),
        (_address(pictures.second), f"painted, frame {pair.frame + 1}"),
        (_address(heat_map(pictures.change, highest)), f"change, warping error {error} · 10⁻³"),
    ]


def _address(pixels: np.ndarray) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(pixels)).decode()
