"""What the spine asks of colouring by what was learnt."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from vidstyle.errors import MediaError, OutputError, WeightsError
from vidstyle.events import Notice
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import cache_directory, find, load
from vidstyle.image.convert import to_float
from vidstyle.image.lab import to_lab
from vidstyle.job import file_entry
from vidstyle.methods.base import Engine, Inputs, Method, Source
from vidstyle.methods.colour.file import SHIPPED, as_stored, digest, read_colours, write_colours
from vidstyle.methods.colour.learning import Lesson, Training, lesson_of
from vidstyle.methods.colour.network import Colours
from vidstyle.methods.colour.options import LEARNT_ON, ColourOptions
from vidstyle.methods.colour.painter import Colouring
from vidstyle.methods.examples import examples_of

_EXAMPLES, _VIEWS = 48, 4  # pictures that are learnt from, and parts of each
_STEPS = 300
_RATE = 0.3  # of that of the beginning: what it knows of other pictures is not to be forgotten
_TOLD_EVERY = 50  # steps
_WITHOUT = "give EXEMPLAR or --key: colours taken from a picture do without"
_GREY = 4.0  # mean chroma from which on a frame is no grey one, tinted or not quite clean


@dataclass(frozen=True, eq=False, kw_only=True)
class ColourInputs(Inputs):
    """colours: the network that guesses them. seen_by: the features that it has learnt on."""

    colours: Colours
    seen_by: VGG


class LearntColour(Method):
    """See `painter`."""

    uses_features = False  # those that the options of a run choose

    def open(self, options: ColourOptions, source: Source) -> ColourInputs:
        engine = source.engine
        _tell_of_colours(source)
        network = VGG(load(find(LEARNT_ON, without=_WITHOUT)).tensors).to(engine.device, engine.dtype)
        colours, known = read_colours(SHIPPED), {"name": SHIPPED.name, "digest": digest(SHIPPED)}
        if options.learn_from is not None:
            examples = Path(options.learn_from)
            found = file_entry(examples, _files(examples))
            both = hashlib.sha256((known["digest"] + found["digest"]).encode()).hexdigest()
            known = {"name": found["name"], "digest": both}
            colours = _taught(colours, examples, both, network, engine)
        contents = {"learn_from": known}
        return ColourInputs(options, contents=contents, colours=colours, seen_by=network)

    def painter(self, inputs: ColourInputs, engine: Engine) -> Colouring:
        return Colouring(inputs.seen_by.to(engine.device), inputs.colours.to(engine.device))


def _tell_of_colours(source: Source) -> None:
    frame = next(iter(source.clip.frames(source.start, source.start + 1)), None)
    if frame is not None and float(to_lab(to_float(frame.pixels))[1:].norm(dim=0).mean()) > _GREY:
        source.engine.notice(
            f"{source.clip.path.name} has colours already: they are left out, and others guessed by what "
            "is light and dark in it"
        )


def _files(examples: Path) -> list[Path] | None:
    return sorted(each for each in examples.iterdir() if each.is_file()) if examples.is_dir() else None


def _taught(colours: Colours, examples: Path, digest_of_both: str, network: VGG, engine: Engine) -> Colours:
    """The network after lessons from the user's own pictures: what was learnt before is found again."""
    facts = digest_of_both, _STEPS, str(engine.dtype), engine.device.type
    key = hashlib.sha256(repr(facts).encode()).hexdigest()
    kept = cache_directory() / "colours" / f"{key[:40]}.safetensors"
    with contextlib.suppress(WeightsError):
        return read_colours(kept)
    lessons = _lessons(examples, network)
    begun = colours.requires_grad_(True).to(engine.device)
    training = Training(begun, lessons, steps=_STEPS, begins=False, rate=_RATE)
    _learn(training, engine.notice)
    with contextlib.suppress(OutputError, OSError):  # a cache that cannot be written is no error
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_colours(kept, training.average, {"from": examples.name, "steps": str(_STEPS)})
    return as_stored(training.average)


def _lessons(examples: Path, network: VGG) -> list[Lesson]:
    """Raises MediaError where there is no colour to learn from."""
    found = []
    for number, picture in enumerate(examples_of(examples, _EXAMPLES)):
        for view in range(_VIEWS):
            random = torch.Generator().manual_seed(1000 * number + view)
            if (lesson := lesson_of(picture, network, random)) is not None:
                found.append(lesson)
    if not found:
        raise MediaError(f"--learn-from: {examples} shows no colours to learn from")
    return found


def _learn(training: Training, notice: Notice) -> None:
    while training.at < training.steps:
        loss = training.step()
        if training.at % _TOLD_EVERY == 0:
            notice(f"learning colours: step {training.at} of {training.steps}, loss {float(loss):.2f}")


METHOD = LearntColour()
