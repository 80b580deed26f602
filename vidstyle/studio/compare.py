"""The part of the page where painted clips are seen beside the clip they were made from, and measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from vidstyle.errors import UsageError
from vidstyle.studio.api import REPORT, file_url, picture_url
from vidstyle.studio.frames import Frames
from vidstyle.studio.jobs import DONE
from vidstyle.studio.queue import Queue
from vidstyle.studio.telling import told
from vidstyle.studio.workspace import Workspace

_LONGEST = 800  # pixels


def compare_tab(workspace: Workspace, queue: Queue, frames: Frames, pages: Any, tab: Any) -> None:
    """Its components, and what they do, in the context of its tab."""
    gr.HTML(
        '<div class="vs-step"><h2>Side by side, in step</h2><p>The clip and what was painted of it, frame by '
        "frame; and, if you like, measured: how steady it is, and how like the style.</p></div>"
    )
    with gr.Row(equal_height=True):
        original = gr.Dropdown(
            [], value=None, allow_custom_value=True, label="The clip", elem_id="vs-original"
        )
        stylized = gr.Dropdown(
            [], value=[], multiselect=True, allow_custom_value=True, label="Painted", elem_id="vs-stylized"
        )
        styles = gr.Dropdown(
            [],
            value=[],
            multiselect=True,
            allow_custom_value=True,
            label="Style pictures, to measure the likeness",
        )
    viewer = gr.HTML(
        {"clips": []},
        html_template='<div class="vs-side"></div>',
        js_on_load="watch('value', () => window.vidstyle.side(element, props.value));",
    )
    measure = gr.Button("Measure them", variant="secondary")
    reports = gr.Dropdown(
        [], value=None, allow_custom_value=True, label="Reports that are ready", elem_id="vs-reports"
    )
    report = gr.HTML("")
    does = _Compared(workspace, queue, frames)
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    tab.select(does.choices, [original, stylized], [original, stylized, styles, reports], **quiet)
    gr.on([original.change, stylized.change], told(does.shown), [original, stylized], [viewer], **quiet)
    measure.click(told(does.measured), [original, stylized, styles], [pages], **quiet)
    reports.change(told(does.read), [reports], [report], **quiet)


class _Compared:
    """What the components of the tab do, and are filled with."""

    def __init__(self, workspace: Workspace, queue: Queue, frames: Frames) -> None:
        self.workspace, self.queue, self.frames = workspace, queue, frames

    def choices(self, clip: str | None, chosen: Sequence[str]) -> list[Any]:
        """What there is to choose from: clips, painted ones, style pictures and reports."""
        painted = self._of_jobs("paint")
        clips = [(path.name, f"clips/{path.name}") for path in self.workspace.listed("clips")]
        pictures = [(path.stem, f"pictures/{path.name}") for path in self.workspace.listed("pictures")]
        newest = _newest(self.queue) if not clip and not chosen else None
        values: Any = ({"value": newest[0]}, {"value": [newest[1]]}) if newest else ({}, {})
        return [
            gr.update(choices=clips, **values[0]),
            gr.update(choices=painted + clips, **values[1]),
            gr.update(choices=pictures),
            gr.update(choices=self._of_jobs("evaluate")),
        ]

    def shown(self, clip: str | None, painted: Sequence[str]) -> Any:
        """What the viewer in the page takes: the clips, how many frames they share, and their rate."""
        paths = [self.workspace.inside(path) for path in [*filter(None, [clip]), *painted]]
        known = [self.frames.shown(path) for path in paths]
        if not paths:
            return {"clips": []}
        rate = known[0].frames / known[0].seconds if known[0].seconds else 25.0
        found = [
            {
                "title": path.name,
                "url": picture_url(self.workspace, path, 0, _LONGEST).replace("index=0&", ""),
            }
            for path in paths
        ]
        return {"clips": found, "frames": min(each.frames for each in known), "rate": rate}

    def measured(self, clip: str | None, painted: Sequence[str], pictures: Sequence[str]) -> Any:
        """Begin to measure them, and go to the list of jobs."""
        if not clip or not painted:
            raise UsageError("choose the clip, and at least one that was painted of it")
        paths = [str(self.workspace.inside(path)) for path in [clip, *painted]]
        given = [word for path in pictures for word in ("--style", str(self.workspace.inside(path)))]
        folder = self.queue.new_folder(f"measured-{Path(clip).stem}")
        words = ["evaluate", *paths, *given, "--html", str(folder / REPORT), "--overwrite"]
        self.queue.add(folder, f"{Path(clip).stem}, measured", words, REPORT, kind="evaluate")
        gr.Info("It is being measured; the report appears among the jobs, and here.", title="Started")
        return gr.update(selected="jobs")

    def read(self, path: str | None) -> str:
        """A report, in the page."""
        if not path:
            return ""
        url = file_url(self.workspace, self.workspace.inside(path))
        return f'<iframe class="vs-report" src="{url}" title="the report" sandbox></iframe>'

    def _of_jobs(self, kind: str) -> list[tuple[str, str]]:
        """Titles and places of the results of all jobs of a kind that are done."""
        done = [
            job for job in self.queue.jobs() if job.card.get("kind") == kind and job.status().state == DONE
        ]
        return [
            (str(job.card.get("title", job.name)), str(job.output.relative_to(self.workspace.root)))
            for job in done
        ]


def _newest(queue: Queue) -> tuple[str, str] | None:
    """The clip and the result of the job that was begun last, of those that are done."""
    for job in queue.jobs():
        source = job.card.get("source")
        if source and job.card.get("kind") == "paint" and job.status().state == DONE:
            return str(source), f"jobs/{job.name}/{job.output.name}"
    return None
