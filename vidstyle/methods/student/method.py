"""What the spine asks of painting with a look."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.flow.classic import NoFlow
from vidstyle.flow.pair import EstimatedFlow, FlowSource
from vidstyle.looks.brush import Brush
from vidstyle.looks.look import Look, look_named, read_look
from vidstyle.methods.base import Engine, Inputs, Method, Source
from vidstyle.methods.student.options import StudentOptions
from vidstyle.methods.student.painter import StudentPainter


@dataclass(frozen=True, eq=False, kw_only=True)
class StudentInputs(Inputs):
    """look: what was learnt."""

    look: Look


class StudentMethod(Method):
    """See `painter`. No feature network is needed to paint."""

    uses_features = False
    quick = True

    def flow(self, options: StudentOptions) -> FlowSource | None:
        """For a look that paints each frame by itself none is estimated."""
        return None if _look(options).flow else EstimatedFlow(NoFlow())

    def open(self, options: StudentOptions, source: Source) -> StudentInputs:
        look, path = _look(options), look_named(options.look or "")
        return StudentInputs(
            options, look=look, contents={"look": {"name": path.name, "digest": look.digest}}
        )

    def painter(self, inputs: StudentInputs, engine: Engine) -> StudentPainter:
        return StudentPainter(Brush(inputs.look, engine.device, engine.dtype, inputs.options.strokes))


def _look(options: StudentOptions) -> Look:
    if options.look is None:
        raise UsageError("give a look to paint with: --look LOOK; vidstyle looks lists those there are")
    return read_look(look_named(options.look))


METHOD = StudentMethod()
