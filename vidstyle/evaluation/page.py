"""An evaluation as one page of HTML that needs nothing else: no scripts, no other files, no network."""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

import numpy as np

from vidstyle.evaluation.measures import Evaluation, Pictures, WorstPair
from vidstyle.evaluation.plots import SERIES, heat_map, heat_stops, plots
from vidstyle.evaluation.table import HOW_TO_READ, LEVELS, rows, significant, summary
from vidstyle.evaluation.table import remark as remark_on
from vidstyle.video.pictures import encode_jpeg

_CSS = Path(__file__).with_name("page.css")
_SHARE_IN_SCALE = 99.5  # per cent of a heat map's pixels that its scale must reach


def page(evaluation: Evaluation) -> str:
    """The whole document: the table, plots over time, and the worst pairs of frames."""
    names = evaluation.names
    title = f"{', '.join(names[1:])} beside {Path(evaluation.original.path).name}"
    remark = remark_on(evaluation)
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="soft">{escape(summary(evaluation))}. {escape(_origin(evaluation))}</p>',
        f"<p>{escape(HOW_TO_READ)}</p>",
        f"<p><strong>{escape(remark)}</strong></p>" if remark else "",
        "<h2>Measures</h2>",
        _table(evaluation),
        "<h2>Over time</h2>",
        _legend(names),
        _plots(evaluation),
        _worst(evaluation),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{_CSS.read_text('utf-8')}</style>\n</head>\n<body>\n{chr(10).join(filter(None, body))}\n"
        "</body>\n</html>\n"
    )


def _origin(evaluation: Evaluation) -> str:
    layers = f"style layers {', '.join(evaluation.style_layers)}; " if evaluation.styles else ""
    styles = (
        f"Style: {', '.join(Path(style).name for style in evaluation.styles)}; " if evaluation.styles else ""
    )
    text = f"{styles}{layers}content layers {', '.join(evaluation.content_layers)}."
    return text[0].upper() + text[1:]


def _table(evaluation: Evaluation) -> str:
    heads = "".join(
        f'<th scope="col">{_key(at)}{escape(name)}</th>' for at, name in enumerate(evaluation.names)
    )
    lines = []
    for row in rows(evaluation):
        if row.group:
            lines.append(
                f'<tr class="group"><th colspan="{len(row.cells) + 2}">{escape(row.group)}</th></tr>'
            )
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row.cells)
        label = f'<th scope="row">{escape(row.label)}</th><td class="unit">{escape(row.unit)}</td>'
        lines.append(f"<tr>{label}{cells}</tr>")
    head = f"<thead><tr><th>measure</th><td></td>{heads}</tr></thead>"
    note = (
        "Colours go from 0 to 255 levels; warping errors are mean squared differences where full scale is 1, "
        "by contrast in per cent of the gradient energy of the frame compared, over the same pixels. "
        "Pairs across a cut do not count. Drift is the mean over the shots."
    )
    return (
        f'<div class="scroll"><table>{head}<tbody>{"".join(lines)}</tbody></table></div>'
        f'<p class="soft">{note}</p>'
    )


def _key(at: int) -> str:
    """The line that stands for a clip in the plots."""
    series = 0 if at == 0 else 1 + (at - 1) % (SERIES - 1)
    dashed = " dashed" if at == 0 else ""
    return f'<span class="key{dashed}" style="color: var(--series-{series})"></span>'


def _legend(names: list[str]) -> str:
    keys = "".join(f"<span>{_key(at)}{escape(name)}</span>" for at, name in enumerate(names))
    return f'<div class="legend">{keys}</div>'


def _plots(evaluation: Evaluation) -> str:
    figures = "".join(
        f"<figure><strong>{escape(plot.title)}</strong>{plot.svg}<figcaption>{escape(plot.caption)}</figcaption>"
        "</figure>\n"
        for plot in plots(evaluation)
    )
    return f'<div class="plots">\n{figures}</div>'


def _worst(evaluation: Evaluation) -> str:
    shown = [
        (name, [(pair, pair.pictures) for pair in clip.worst if pair.pictures is not None])
        for name, clip in zip(evaluation.names, evaluation.clips, strict=True)
    ]
    pictures = [pictures for _, pairs in shown for _, pictures in pairs]
    if not pictures:
        return ""
    highest = max(_highest(each.change) for each in pictures)
    parts = [
        "<h2>Worst pairs of frames</h2>",
        "<p>Where each painted clip departs most from the motion of the original, the largest warping error "
        "first.</p>",
        _scale(highest),
    ]
    for name, pairs in shown:
        if pairs:
            parts.append(f"<h3>{escape(name)}</h3>")
        parts += [_pair(pair, found, highest) for pair, found in pairs]
    return "\n".join(parts)


def _scale(highest: float) -> str:
    colours = ", ".join(heat_stops())
    return (
        f'<div class="scale">change along the motion: 0 <span class="bar" style="background: '
        f'linear-gradient(to right, {colours})"></span> {significant(highest * LEVELS)} levels of 255 and '
        'more <span class="patch"></span> nothing to compare</div>'
    )


def _highest(change: np.ndarray) -> float:
    known = change[~np.isnan(change)]
    return float(np.percentile(known, _SHARE_IN_SCALE)) if known.size else 0.0


def _pair(pair: WorstPair, pictures: Pictures, highest: float) -> str:
    error = significant(pair.warping_error * 1000)
    shown = [
        (pictures.original, f"original, frame {pair.frame}"),
        (pictures.first, f"painted, frame {pair.frame}"),
        (pictures.second, f"painted, frame {pair.frame + 1}"),
        (heat_map(pictures.change, highest), f"change, warping error {error} · 10⁻³"),
    ]
    figures = "".join(
        f'<figure><img alt="{escape(words)}" src="{_data(pixels)}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for pixels, words in shown
    )
    return f'<div class="pair">{figures}</div>'


def _data(pixels: np.ndarray) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(encode_jpeg(pixels)).decode()
