"""The part of the page where a clip is chosen, looked at, and painted."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from PIL import Image

from vidstyle.errors import VidstyleError
from vidstyle.studio.api import picture_url
from vidstyle.studio.draw import Desk
from vidstyle.studio.estimates import Way, ways
from vidstyle.studio.forms import FormView
from vidstyle.studio.frames import Frames
from vidstyle.studio.looks import Look, Looks
from vidstyle.studio.queue import Queue
from vidstyle.studio.requests import Asked, Form, command_line, forms
from vidstyle.studio.telling import told
from vidstyle.studio.workspace import Workspace
from vidstyle.text import duration, printable

_STILLNESS_SECONDS = 0.4  # after the last change, before a look is painted
_HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
_COMPARE = """
{{#if value.before}}
<figure class="vs-compare {{#unless value.after}}vs-alone{{/unless}} {{#if value.busy}}vs-busy{{/if}}"
aria-busy="{{value.busy}}">
<img src="{{value.before}}" alt="the frame as it is">
{{#if value.after}}<img class="vs-after" src="{{value.after}}" alt="the frame painted">
<input type="range" min="0" max="100" value="50" aria-label="between before and after">
<figcaption><span>before</span><span>after</span></figcaption>{{/if}}</figure>
{{else}}<div class="vs-empty">{{value.empty}}</div>{{/if}}
"""
_EMPTY = {"empty": "Choose a clip or a picture on the left; it appears here."}


class PaintTab:
    """Its components, and what they do. pages: the tabs of the whole page."""

    def __init__(self, workspace: Workspace, queue: Queue, frames: Frames, pages: Any) -> None:
        self._workspace, self._queue, self._frames, self._pages = workspace, queue, frames, pages
        self._looks = Looks(workspace, frames)
        self._newest: dict[str, int] = {}  # look, by session
        self._lock = threading.Lock()
        self.current = gr.State(forms()[0].name)
        self.kept = gr.BrowserState(None, storage_key="vidstyle-clip")
        with gr.Row(equal_height=False, elem_id="vs-desk"):
            with gr.Column(scale=6, min_width=320):
                self._choose()
            with gr.Column(scale=5, min_width=320, elem_id="vs-see"):
                self._see()

    # What is seen

    def _choose(self) -> None:
        gr.HTML('<div class="vs-step"><h2><span>1</span>Your clip or picture</h2></div>')
        with gr.Row(equal_height=True):
            self.upload = gr.File(
                label="From your disk",
                height=120,
                elem_id="vs-upload",
            )
            with gr.Column(min_width=200):
                self.clip = gr.Dropdown(
                    self._clips(),
                    value=None,
                    allow_custom_value=True,
                    label="Or one that is here already",
                    elem_id="vs-clip",
                )
                self.about = gr.HTML('<p class="vs-note"></p>')
        gr.HTML('<div class="vs-step"><h2><span>2</span>How it is painted</h2></div>')
        # The frame's slider belongs to the picture on the other side, and is asked for here already.
        self.frame = gr.Slider(
            0, 1, value=0, step=1, label="Frame", elem_id="vs-frame", buttons=[], render=False
        )
        desk = Desk(self.clip, self.frame, self.picture)
        self.views: list[tuple[FormView, Any]] = []
        with gr.Tabs(elem_id="vs-methods"):
            for form in forms():
                with gr.Tab(_tab_name(form), id=form.name, elem_id=f"vs-{form.name}") as tab:
                    gr.HTML(f'<p class="vs-about">{html.escape(_for_the_page(form.help))}</p>')
                    self.views.append((FormView(form, self._workspace, desk), tab))

    def _see(self) -> None:
        gr.HTML('<div class="vs-step"><h2><span>3</span>A first look, then the whole</h2></div>')
        self.compare = gr.HTML(
            _EMPTY, html_template=_COMPARE, js_on_load="window.vidstyle.compare(element);", elem_id="vs-look"
        )
        self.frame.render()
        self.note = gr.HTML('<p class="vs-note"></p>', elem_id="vs-note")
        self.at_once = gr.Checkbox(
            True,
            label="Paint a first look after every change",
            info="Small and quick: to see the style, not the sharpness.",
            elem_classes=["vs-field"],
        )
        self.ways = gr.HTML("", elem_id="vs-ways")
        self.buttons = []
        for at, (view, _) in enumerate(self.views):
            what = "Paint it" if view.form.own.source else "Make it"
            with gr.Row(visible=at == 0) as row:
                look = gr.Button("First look", elem_classes=["vs-look-button"])
                paint = gr.Button(what, variant="primary", elem_classes=["vs-paint-button"])
            self.buttons.append((row, look, paint))
        self.command = gr.Textbox(
            label="The same as a command",
            elem_id="vs-command",
            lines=2,
            max_lines=8,
            interactive=False,
            buttons=["copy"],
        )

    def _clips(self) -> list[tuple[str, str]]:
        return [(path.name, f"clips/{path.name}") for path in self._workspace.listed("clips")]

    # What it does

    def wire(self, page: gr.Blocks) -> None:
        """Connect it all."""
        hidden = _HIDDEN
        self.upload.upload(
            told(self._taken),
            [self.upload],
            [self.upload, self.clip],
            show_progress="minimal",
            api_visibility="private",
        )
        seen = [self.about, self.frame, self.compare, self.kept]
        chosen = self.clip.change(told(self._chosen), [self.clip], seen, **hidden)
        moved = self.frame.change(
            self._moved, [self.clip, self.frame], [self.compare], trigger_mode="always_last", **hidden
        )
        page.load(self._restored, [self.kept], [self.clip], **hidden)
        rows = [row for row, _, _ in self.buttons]
        for (view, tab), (_, look, paint) in zip(self.views, self.buttons, strict=True):
            self._wire_form(view, tab, look, paint, rows, [chosen, moved])

    def _wire_form(
        self, view: FormView, tab: Any, look: Any, paint: Any, rows: list[Any], before: list[Any]
    ) -> None:
        name, hidden = view.form.name, _HIDDEN
        inputs = [self.clip, self.frame, *view.inputs]
        outputs = [self.compare, self.note, self.ways, self.command]

        def by_change(request: gr.Request, current: str, at_once: bool, *given: Any) -> Iterator[Any]:
            if current == name:
                yield from self._look(view, at_once, given, str(request.session_hash))
            else:
                yield tuple(gr.skip() for _ in outputs)

        def by_click(request: gr.Request, *given: Any) -> Iterator[Any]:
            yield from self._look(view, True, given, str(request.session_hash))

        def seen_now() -> list[Any]:
            return [name, *(gr.update(visible=other.form.name == name) for other, _ in self.views)]

        def valid(_current: str, _at_once: bool, *given: Any) -> list[Any]:
            return [gr.validate(True, ""), gr.validate(True, ""), *view.problems(*given)]

        several = {**hidden, "concurrency_limit": None, "trigger_mode": "multiple"}
        state = [self.current, self.at_once]
        changes = [_changing(component) for component in view.inputs if not isinstance(component, gr.State)]
        gr.on(
            [*changes, self.at_once.change], by_change, [*state, *inputs], outputs, validator=valid, **several
        )
        for event in before:
            event.then(by_change, [*state, *inputs], outputs, **several)
        look.click(by_click, inputs, outputs, validator=view.problems, **several)
        switched = tab.select(seen_now, None, [self.current, *rows], **hidden)
        switched.then(by_change, [*state, *inputs], outputs, **several)
        if view.groups and not isinstance(view.gallery, gr.State):
            view.gallery.change(view.with_look, [view.gallery], view.groups, **hidden)
        paint.click(
            told(lambda clip, frame, *shown: self._paint(view, clip, shown)),
            inputs,
            [self._pages],
            validator=view.problems,
            **hidden,
        )

    def _taken(self, uploaded: str | None) -> Any:
        """A clip was uploaded."""
        if not uploaded:
            return gr.skip(), gr.skip()
        path = Path(uploaded)
        self._workspace.check_size(path)
        self._frames.check_length(path, self._workspace.options.most_minutes)
        taken = self._workspace.take("clips", path)
        return None, gr.update(choices=self._clips(), value=f"clips/{taken.name}")

    def _chosen(self, clip: str | None) -> Any:
        if not clip:
            return (
                '<p class="vs-note"></p>',
                gr.update(maximum=1, value=0, visible=False),
                _EMPTY,
                None,
            )
        path = self._workspace.inside(clip)
        shown = self._frames.shown(path)
        last = max(0, shown.frames - 1)
        slider = gr.update(maximum=max(1, last), value=0, interactive=last > 0, visible=last > 0)
        about = f'<p class="vs-note">{html.escape(f"{path.name}: {shown}")}</p>'
        return about, slider, self._before(path, 0), clip

    def _moved(self, clip: str | None, frame: float) -> Any:
        if not clip:
            return gr.skip()
        return self._before(self._workspace.inside(clip), int(frame or 0))

    def _before(self, path: Path, frame: int) -> dict[str, Any]:
        return {"before": picture_url(self._workspace, path, frame, 960)}

    def _restored(self, clip: str | None) -> Any:
        """What was chosen when the page was last seen, if it is still there; else a sample."""
        there = [value for _, value in self._clips()]
        value = clip if clip in there else there[-1] if there else None
        return gr.update(choices=self._clips(), value=value)

    def picture(self, clip: str, frame: int) -> Image.Image:
        """A frame at its full size."""
        return self._frames.picture(self._workspace.inside(clip), frame)

    # Looks and jobs

    def _look(self, view: FormView, wanted: bool, given: Sequence[Any], session: str) -> Iterator[Any]:
        """What the page shows of a form as it now is, and its first look as that comes."""
        clip, frame, *shown = given
        with self._lock:
            mine = self._newest[session] = self._newest.get(session, 0) + 1
        try:
            asked = view.asked(clip, shown)
        except VidstyleError as error:
            yield gr.skip(), _said(str(error)), "", ""
            return
        output = view.output_name(asked, shown)
        command = command_line(asked.arguments(output))
        if not asked.shows_in_one_frame:
            line = "Painted after your key frames, which one frame does not show: no first look."
            seen = self._before(asked.source, int(frame or 0)) if asked.source else gr.skip()
            yield seen, _said(line), "", command
            return
        yield gr.skip(), _said(""), gr.skip(), command
        time.sleep(_STILLNESS_SECONDS)
        if not wanted or self._newest[session] != mine:
            return
        yield from self._painted(asked, int(frame or 0), session, mine)

    def _painted(self, asked: Asked, frame: int, session: str, mine: int) -> Iterator[Any]:
        before = self._before(asked.source, frame) if asked.source else {"empty": "It is being made…"}
        yield {**before, "busy": True}, _said("painting a first look…"), gr.skip(), gr.skip()
        try:
            for look in self._looks.paint(asked, frame, lambda: self._newest[session] != mine):
                if look.seconds is None:
                    yield {**before, **self._after(look), "busy": True}, gr.skip(), gr.skip(), gr.skip()
                else:
                    line = f"a first look: painting it took {duration(max(1, look.seconds))}"
                    yield {**before, **self._after(look)}, _said(line), self._foretold(asked, look), gr.skip()
        except VidstyleError as error:
            yield {**before, "busy": False}, _said(str(error), wrong=True), "", gr.skip()

    def _after(self, look: Look) -> dict[str, Any]:
        """What was painted; of what is made from no clip there is nothing before it."""
        made = picture_url(self._workspace, look.after, 0, 960)
        return {"before": made, "empty": ""} if look.before == look.after else {"after": made}

    def _foretold(self, asked: Asked, look: Look) -> str:
        clip = self._frames.clip(asked.source) if asked.source else None
        return _table(ways(asked, clip, look.seconds or 0.0))

    def _paint(self, view: FormView, clip: Any, shown: Any) -> Any:
        asked = view.asked(clip, shown)
        output = view.output_name(asked, shown)
        subject = asked.source.stem if asked.source else asked.form.name
        look = asked.value("look")
        by = Path(look).stem if look else ", ".join(path.stem for path in asked.pictures)
        title = f"{subject}, {asked.form.name}{f' by {by}' if by else ''}"
        folder = self._queue.new_folder(subject)
        source = str(asked.source.relative_to(self._workspace.root)) if asked.source else None
        words = asked.arguments(folder / output)
        self._queue.add(folder, printable(title), words, output, kind="paint", source=source)
        gr.Info("It is being painted; close the page whenever you like.", title="Started")
        return gr.update(selected="jobs")


def _changing(component: Any) -> Any:
    """The event by which a component tells that somebody has changed it, and is done with that."""
    # Those of several lines are filled in by the page as well, which is not told as leaving them.
    single = isinstance(component, gr.Textbox) and component.lines == 1
    return component.blur if single else component.change


def _said(line: str, wrong: bool = False) -> str:
    return (
        f'<p class="vs-note{" vs-wrong" if wrong else ""}" role="status">{html.escape(printable(line))}</p>'
    )


def _tab_name(form: Form) -> str:
    """Analogy; Edit (dfi), where the command has another name than what it does."""
    name, title = form.name.capitalize(), form.own.title
    return name if form.preset or name == title else f"{title} ({form.name})"


def _for_the_page(help: str) -> str:
    """The line of a command without what only its arguments are called."""
    words = {"INPUT": "the clip", "STYLE": "the style", "EXEMPLAR": "a picture"}
    words |= {"TARGET": "the target set", "SOURCE": "the source set"}
    line = help.partition(" The same command again")[0]
    for name, word in words.items():
        line = line.replace(name, word)
    return line


def _table(found: list[Way]) -> str:
    rows = "".join(
        f'<tr data-chosen="{str(way.chosen).lower()}"><th scope="row">{way.name or "this way"}</th>'
        f"<td>about {duration(max(1, way.seconds))}</td><td>{way.size} pixels wide or high</td></tr>"
        for way in found
    )
    caption = "<caption>The whole will take, by the pace of this look</caption>"
    return f'<table class="vs-ways">{caption}{rows}</table>'
