"""Teaching a network within a job: it takes the time that it is given, and goes on where it was."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vidstyle.errors import Stopped
from vidstyle.events import Hooks, Pace
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.image.convert import to_uint8
from vidstyle.image.sheet import sheet
from vidstyle.learning.store import LearningStore
from vidstyle.looks.look import look_named, read_look
from vidstyle.looks.network import Plan, Student
from vidstyle.looks.noise import no_drift, noise_at
from vidstyle.looks.recolouring import palette_of, recoloured
from vidstyle.looks.shipped import BASE, SHIPPED
from vidstyle.methods.base import learnt_from
from vidstyle.methods.student.training import Balance, Lesson, Training
from vidstyle.video.pictures import write_picture

LEAST_PICTURES, LEAST_STEPS = 3, 50
"""To be painted and to be learnt, however little time there is."""
SHARE = 0.4
"""Of the time, for painting pictures; the rest is for learning."""
_TRIED = 3  # steps, to know how long one takes
_SAVED_EVERY = 20  # steps
_TOLD_EVERY = 10  # steps, the loss: to read it waits for a GPU
_SHOWN_EVERY = 60  # seconds


@dataclass(frozen=True, eq=False, kw_only=True)
class Teacher:
    """What a network learns, by what, and how it begins.

    styles: pictures of the style, float32 (3, H, W) in [0, 1]. weights: of the feature network. flow: whether
    it is to paint over what it has painted before. begin: with what has learnt other looks, or from nothing.
    balance: of the loss, if not the usual one. noise: whether strokes may be made of it.
    """

    lessons: Sequence[Lesson]
    styles: Sequence[Tensor]
    weights: Weights
    device: torch.device
    dtype: torch.dtype
    seed: int
    flow: bool = True
    begin: bool = True
    balance: Balance | None = None
    noise: bool = True

    @property
    def palette(self) -> Tensor:
        """In whose colours the network sees a picture."""
        return palette_of(self.styles)

    def begun(self, steps: int) -> Training:
        """With a new network, to be taught in so many steps."""
        network = VGG(self.weights.tensors).to(self.device, self.dtype)
        student = new_student(self.begin, self.seed, self.dtype).to(self.device)
        if not self.noise:
            student.ignore_noise()
        return Training(
            student,
            network,
            self.lessons,
            [self.palette],
            steps=steps,
            seed=self.seed,
            flow=self.flow,
            balance=self.balance,
            noise=self.noise,
        )

    def affordable(self, seconds: float) -> int:
        """How many steps there is time for, by how long a few take."""
        trial = self.begun(_TRIED + 1)
        _loss(trial.step())  # the first is slower
        began = time.monotonic()
        for _ in range(_TRIED):
            terms = trial.step()
        _loss(terms)  # until all of it is done
        each = (time.monotonic() - began) / _TRIED
        return max(LEAST_STEPS, int(seconds / each))


def affordable_pictures(each: float, seconds: float, most: int) -> int:
    """How many pictures there is time to paint, at so many seconds each."""
    return max(LEAST_PICTURES, min(most, int(SHARE * seconds / each)))


def new_student(begin: bool, seed: int, dtype: torch.dtype) -> Student:
    """A network that is to learn one look, from the base where there is one and it is asked for."""
    base = read_look(look_named(BASE)) if begin and BASE in SHIPPED else None
    torch.manual_seed(seed)
    student = Student(base.plan if base else Plan())
    if base:
        student.begin_with(base.weights)
    student.arithmetic = dtype
    return student


def lessons_of(store: LearningStore, count: int, alone: Sequence[Tensor]) -> list[Lesson]:
    """The first `count` pictures of a job with their paintings, and others that nobody has painted."""
    painted = [
        Lesson(learnt_from(store.picture(number)), learnt_from(store.painting(number)))
        for number in range(count)
    ]
    return painted + [Lesson(picture) for picture in alone]


def taught(
    store: LearningStore, teacher: Teacher, steps: int | None, seconds: float, hooks: Hooks
) -> Training:
    """The network, taught to the end. steps: how many; None is what there is time for, as first decided."""
    steps = steps or store.decided("steps")
    if steps is None:
        steps = teacher.affordable(seconds)
        hooks.tell(f"{steps} steps of learning fit into the time")
    store.decide(steps=steps)
    training = teacher.begun(steps)
    if (found := store.checkpoint()) is not None:
        training.restore(found)
        hooks.tell(f"going on after {training.at} steps")
    pace, shown, loss = Pace("learn", steps, training.at), time.monotonic(), None
    while training.at < steps:
        terms = training.step()
        if training.at % _TOLD_EVERY == 1 or training.at == steps:
            loss = _loss(terms)
        if training.at % _SAVED_EVERY == 0 or training.at == steps:
            store.save(training.state())
        if time.monotonic() - shown > _SHOWN_EVERY or training.at == steps:
            _show(store, training.student, teacher)
            shown = time.monotonic()
        event = pace.finished(training.at - 1, 0, loss=loss, steps=1)
        try:
            hooks.report(event)
        except Stopped:
            store.save(training.state())
            raise
    return training


def _loss(terms: Mapping[str, Tensor]) -> float:
    return sum(torch.stack(list(terms.values())).tolist())


@torch.no_grad()
def _show(store: LearningStore, student: Student, teacher: Teacher) -> None:
    lesson = teacher.lessons[0]
    frame = recoloured(lesson.content, teacher.palette).to(teacher.device)
    size = frame.shape[1], frame.shape[2]
    noise = noise_at(no_drift(*size, frame.device), *size)
    image = student.new(frame[None], noise[None] if teacher.flow else torch.zeros_like(noise[None]))[0].cpu()
    shown = [each for each in (lesson.content, lesson.painted, image) if each is not None]
    write_picture(store.preview, to_uint8(sheet([shown], max(lesson.content.shape[1:]))))
