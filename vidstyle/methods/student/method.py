"""What the spine asks of painting with a look."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.methods.base import Engine, Inputs, Method, Source
from vidstyle.methods.student.look import Look, look_named, read_look
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

    def open(self, options: StudentOptions, source: Source) -> StudentInputs:
        if options.look is None:
            raise UsageError("give a look to paint with: --look LOOK; vidstyle looks lists those there are")
        path = look_named(options.look)
        look = read_look(path)
        return StudentInputs(
            options, look=look, contents={"look": {"name": path.name, "digest": look.digest}}
        )

    def painter(self, inputs: StudentInputs, engine: Engine) -> StudentPainter:
        student = inputs.look.student(engine.dtype).to(engine.device).requires_grad_(False)
        return StudentPainter(student, inputs.look.palette.to(engine.device))


METHOD = StudentMethod()
