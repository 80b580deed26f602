"""Settings of deep feature interpolation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.options.base import Command, MethodOptions, Pictures, as_in, file_option, option
from vidstyle.options.run import RunOptions
from vidstyle.options.shared import SharedOptions

FIND = "auto"
"""What --align takes where landmarks are to be found instead of read."""


@dataclass(frozen=True)
class SetSpec:
    """A folder of pictures, or a list of them and which rows: COLUMN=VALUE,COLUMN=VALUE..."""

    path: str
    where: str = ""


@dataclass(frozen=True)
class AttributeSpec:
    """What an attribute is learnt from: a source and a target set, or the file of a vector.

    sets: one alone shows what a hole hides.
    """

    name: str
    sets: tuple[SetSpec, ...] = ()
    vector: str | None = None


def parse_where(text: str) -> dict[str, str]:
    """ "smiling=1,sex=f" as {"smiling": "1", "sex": "f"}; raises UsageError for anything else."""
    result = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise UsageError(f"--where takes COLUMN=VALUE,COLUMN=VALUE..., not {text!r}")
        result[name] = value
    return result


def parse_attribute(text: str) -> tuple[str, list[str]]:
    """ "smile=plain:smiling" or "smile=smile.safetensors" as the name and the one or two paths.

    Raises UsageError for anything else.
    """
    name, _, rest = (part.strip() for part in text.partition("="))
    paths = [part.strip() for part in rest.split(":")]
    is_vector = len(paths) == 1 and paths[0].endswith(".safetensors")
    if not (name and all(paths)) or ":" in name or not (is_vector or len(paths) == 2):
        raise UsageError(f"--attribute takes NAME=SOURCE:TARGET or NAME=VECTOR.safetensors, not {text!r}")
    return name, paths


def _attribute_parts(text: str) -> list[str]:
    """An attribute cut up into what is a path and what is not."""
    name, paths = parse_attribute(text)
    return [f"{name}=", paths[0], *(part for path in paths[1:] for part in (":", path))]


@dataclass(frozen=True, kw_only=True)
class DfiOptions(MethodOptions):
    """How an attribute is given to a picture by deep feature interpolation (Upchurch et al. 2017).

    The loss is  |φ(x) + α·w − φ(z)|² + tv_weight·R(z − x) + color_weight·C(z − x) +
    temporal_weight·L_temporal;  every term is scaled so that the default weights suit any set of features,
    any size and any strength.
    """

    source: str | None = file_option(
        None,
        "Pictures without the attribute: a folder, or a list (.csv with a header, .jsonl) with a column of "
        "paths; for --inpaint, pictures of the same kind as INPUT.",
        metavar="SET",
        often=True,
    )
    target: str | None = file_option(None, "Pictures with it, likewise.", metavar="SET", often=True)
    where: str | None = option(
        None,
        "Take only rows of the lists in which all of these hold: smiling=1,sex=f.",
        metavar="COLUMN=VALUE,...",
    )
    where_source: str | None = option(None, "Likewise, of --source alone.", metavar="COLUMN=VALUE,...")
    where_target: str | None = option(None, "Likewise, of --target alone.", metavar="COLUMN=VALUE,...")
    attribute: tuple[str, ...] = file_option(
        (),
        "Instead of --source and --target, and repeated for several attributes at once; "
        "NAME=FILE.safetensors takes a saved vector.",
        metavar="NAME=SOURCE:TARGET",
        parts=_attribute_parts,
        whole=True,
    )
    vector: str | None = file_option(
        None,
        "Instead of sets: a vector that --save-vector wrote.",
        metavar="FILE",
    )
    save_vector: str | None = file_option(
        None,
        "Write the vector of the first frame, at strength 1, into this .safetensors file.",
        metavar="FILE",
        role="written",
    )
    inpaint: str | None = file_option(
        None,
        "Fill what is white in this picture, learnt from the pictures of --source, which alone is needed.",
        metavar="MASK",
    )
    align: str | None = file_option(
        None,
        "Bring the sets' pictures onto INPUT by landmarks: a list of path,x1,y1,x2,y2,... in pixels, with "
        "INPUT (of a clip, its first frame) and the sets' pictures in it; or auto: by eyes that are found.",
        metavar="LIST|auto",
        words=(FIND,),
        often=True,
    )
    cache: bool = option(
        True, "Keep the features of the sets' pictures on disk, so that the next run is quick.", role="free"
    )
    quality: str = as_in(
        SharedOptions, "quality", "Iterations: draft is for a first look, high for the final result."
    )
    strength: tuple[float, ...] = option(
        (1.0,),
        "How much of the attribute is added, negative to take it away. For a still several, e.g. 0.3,0.6,1, "
        "each begun from the one before: OUT has the last, OUT_0.3 and so on the others, OUT_strip all.",
        often=True,
    )
    scaling: str = option(
        "raw",
        "raw: strength 1 adds the whole difference between the sets; beta: strength over the mean square of "
        "the difference, as published (0.4 is a usual value).",
        choices=("raw", "beta"),
    )
    neighbors: int = option(
        100, "Pictures of each set, those most like the input, that make the attribute.", minimum=1
    )
    certainty: float = option(
        2.0,
        "How strictly chance differences between the sets are left out, which matters where they are small; "
        "0 takes all, as published.",
        minimum=0,
    )
    edit_size: int = option(
        256,
        "Longest side in pixels at which the edit is found; what changes is then added to the picture at its "
        "own size, which stays sharp.",
        minimum=16,
        metavar="PIXELS",
    )
    color: str = option(
        "edit",
        "edit: colours change with the edit; content: mean and covariance of the picture's colours are kept.",
        choices=("edit", "content"),
    )
    tv_weight: float = option(1.0, "How strongly noise in the change is suppressed.", minimum=0)
    color_weight: float = option(
        1.0,
        "How strongly the change is kept from being one of colour; 0 where colour is the attribute.",
        minimum=0,
    )
    temporal_weight: float = as_in(SharedOptions, "temporal_weight")
    independent: bool = option(False, "Edit every frame on its own, without any temporal term: the baseline.")
    layers: tuple[str, ...] = option(
        ("relu3_1", "relu4_1", "relu5_1"), "Layers whose features are interpolated, ascending."
    )
    pooling: str = option("max", "Pooling between the blocks of the network.", choices=("average", "max"))
    steps: int | None = option(
        None, "Steps for a shot's first frame at each strength; by --quality if not given.", minimum=1
    )
    next_steps: int | None = option(
        None, "Steps for the frames after it; by --quality if not given.", minimum=1
    )
    tolerance: float = option(
        1e-4, "Stop a frame early when the loss falls by less than this share per step.", minimum=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.strength or not all(map(math.isfinite, self.strength)):
            raise UsageError("--strength needs at least one number, and finite ones")
        for text in (self.where, self.where_source, self.where_target):
            parse_where(text or "")
        self._check_origin()
        if self.save_vector and not self.save_vector.endswith(".safetensors"):
            raise UsageError(f"--save-vector writes a .safetensors file, not {self.save_vector}")

    def _check_origin(self) -> None:
        """What is given together must go together; that something is given is checked when it is used."""
        origins = {
            "--source": self.source or self.target,
            "--attribute": self.attribute,
            "--vector": self.vector,
        }
        given = [name for name, value in origins.items() if value]
        stored = bool(self.attributes) and all(each.vector for each in self.attributes)
        wrong = {
            f"{' and '.join(given)} exclude each other": len(given) > 1,
            "--inpaint takes one set, --source": self.inpaint and (not self.source or self.target),
            "--save-vector: what fills one hole suits no other": self.inpaint and self.save_vector,
            "--source and --target go together": not self.inpaint and bool(self.source) != bool(self.target),
            "--where-source goes with --source": self.where_source and not self.source,
            "--where-target goes with --target": self.where_target and not self.target,
            "--where selects rows of lists, and none is given": self.where and (stored or not given),
            "--align brings sets into place, and a vector has none": self.align and stored,
        }
        for words, is_wrong in wrong.items():
            if is_wrong:
                raise UsageError(words)

    @property
    def attributes(self) -> tuple[AttributeSpec, ...]:
        """The attributes asked for, in order; none where nothing is.

        Raises UsageError where a name comes twice.
        """
        if self.attribute:
            return self._named()
        if self.vector:
            return (AttributeSpec("edit", vector=self.vector),)
        sets = (self.source, self.where_source), (self.target, self.where_target)
        found = tuple(self._set(path, where) for path, where in sets if path)
        return (AttributeSpec("edit", found),) if found else ()

    def _named(self) -> tuple[AttributeSpec, ...]:
        found = [parse_attribute(text) for text in self.attribute]
        names = [name for name, _ in found]
        if len(set(names)) < len(names):
            raise UsageError(f"--attribute: {max(names, key=names.count)!r} is given twice")
        return tuple(
            AttributeSpec(name, tuple(map(self._set, paths)))
            if len(paths) == 2
            else AttributeSpec(name, vector=paths[0])
            for name, paths in found
        )

    def _set(self, path: str, where: str | None = None) -> SetSpec:
        """With what --where asks of every list."""
        return SetSpec(path, ",".join(filter(None, (self.where, where))))


COMMAND = Command(
    DfiOptions,
    RunOptions,
    "Give INPUT what sets the pictures of TARGET apart from those of SOURCE (Deep Feature Interpolation).",
    "Edit",
    Pictures(least=0, most=0),
)
