"""A network that learns from frames of a clip that are painted by hand: `vidstyle keys --by student`.

What is painted it learns from the key frames, and to keep still, and what strokes are like, from other frames
of the clip, too (few-shot learning after Texler et al. 2020). A key frame that changes is learnt anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from torch import Tensor

from vidstyle.errors import UsageError, WeightsError
from vidstyle.events import Hooks
from vidstyle.image.convert import to_float, to_uint8
from vidstyle.learning.store import LearningStore
from vidstyle.learning.teaching import Teacher, lessons_of, taught
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import look_of, read_look, write_look
from vidstyle.methods.base import Engine, Painter
from vidstyle.methods.examples import spread
from vidstyle.methods.keys.method import KeysInputs
from vidstyle.methods.keys.source import as_painted, fitted
from vidstyle.methods.student.painter import StudentPainter
from vidstyle.methods.student.training import BY_HAND
from vidstyle.options.learning import ByOptions
from vidstyle.pipeline.plan import Plan
from vidstyle.video.pictures import write_picture

VERSION = 1
"""Counted up by what changes what is learnt."""
_OTHERS = 40  # frames that are learnt on, too
_KEYS = "keys"  # of a look: the digest of the key frames that it was learnt from


def is_asked(plan: Plan) -> bool:
    """Whether a plan has frames that are painted by hand."""
    return isinstance(plan.inputs, KeysInputs)


def planned(plan: Plan) -> Plan:
    """The same painted by a network, once it has learnt. Raises UsageError for what it cannot learn."""
    inputs, look = plan.inputs, LearningStore.look_in(plan.directory)
    assert isinstance(inputs, KeysInputs)
    for file in inputs.files.values():
        if file.read()[1] is not None:
            raise UsageError(
                f"a student paints whole frames, and of {file.path} only a part is; leave out --by student"
            )

    def learnt(engine: Engine) -> Painter:
        return StudentPainter(Brush(read_look(look), engine.device, engine.dtype))

    return replace(plan, inputs=replace(inputs, learnt=learnt))


def learn(plan: Plan, store: LearningStore, by: ByOptions, hooks: Hooks) -> None:
    """Teach a network what is not learnt yet of the key frames of a plan, and write the look."""
    digest = plan.inputs.digest
    if _learnt_from(store) == digest:
        return
    if store.decided(_KEYS) not in (None, digest):
        hooks.tell("the key frames have changed since: they are learnt anew")
        store.forget()
    store.decide(**{_KEYS: digest})
    lessons = lessons_of(store, _written(plan, store), list(_others(plan)))
    pictures = [each.painted for each in lessons if each.painted is not None]
    teacher = Teacher(
        lessons=lessons,
        styles=pictures,
        weights=plan.engine.weights,
        device=plan.engine.device,
        dtype=plan.engine.dtype,
        seed=plan.run.seed,
        balance=BY_HAND,
        noise=False,  # it takes too long to unlearn: plain areas of a drawing would be mottled
    )
    training = taught(store, teacher, by.steps, by.seconds, hooks)
    made = {
        _KEYS: digest,
        "steps": str(training.at),
        "pictures": str(len(pictures)),
        "clip": plan.clip.path.name,
        "features": plan.engine.weights.source.kind,
    }
    write_look(store.look, look_of(training.student, pictures, made, size=max(plan.canvas.size)))


def _learnt_from(store: LearningStore) -> str | None:
    """The digest of the key frames that the look of a job was learnt from; None where there is none."""
    try:
        return read_look(store.look).made.get(_KEYS)
    except WeightsError:
        return None


def _written(plan: Plan, store: LearningStore) -> int:
    """How many key frames there are, once they lie in the store as pictures and what is painted of them."""
    inputs, size, device = plan.inputs, plan.canvas.size, plan.canvas.device
    assert isinstance(inputs, KeysInputs)
    for number, (index, file) in enumerate(inputs.files.items()):
        if store.painting(number).exists():
            continue
        content, (image, _) = (
            to_float(plan.canvas.scaled(inputs.filmed(index)).pixels),
            fitted(file, size, device),
        )
        painted = as_painted(content.to(device), image, None, colour_only=inputs.options.color_only)
        write_picture(store.picture(number), to_uint8(content))
        write_picture(store.painting(number), to_uint8(painted))
    store.decide(pictures=len(inputs.files))
    return len(inputs.files)


def _others(plan: Plan) -> Iterator[Tensor]:
    """Frames spread over the clip that are no key frames, as far as its length is known."""
    inputs = plan.inputs
    assert isinstance(inputs, KeysInputs)
    rest = [plan.start + i for i in range(plan.total or 0) if plan.start + i not in inputs.files]
    for place in spread(len(rest), _OTHERS):
        for frame in plan.clip.frames(rest[place], rest[place] + 1):  # none beyond the end
            yield to_float(plan.canvas.scaled(frame).pixels)
