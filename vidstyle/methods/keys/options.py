"""Settings of painting a clip after key frames."""

from __future__ import annotations

from dataclasses import dataclass

from vidstyle.errors import UsageError
from vidstyle.options.base import Command, MethodOptions, Pictures, as_in, file_option, option
from vidstyle.options.learning import ByOptions
from vidstyle.options.neighbours import NeighbourRunOptions
from vidstyle.options.run import RunOptions
from vidstyle.options.shared import SharedOptions


def parse_numbered(option: str, text: str) -> tuple[int, str]:
    """ "80=painted.png" as (80, "painted.png"). Raises UsageError for anything else."""
    number, _, path = (part.strip() for part in text.partition("="))
    if not (number.isdecimal() and len(number) < 10 and path):
        raise UsageError(f"{option} takes FRAME=PICTURE, such as 80=painted.png, not {text!r}")
    return int(number), path


def _parts(text: str) -> list[str]:
    number, equals, path = text.partition("=")
    return [number + equals, path] if equals else [text]


@dataclass(frozen=True, kw_only=True)
class KeysOptions(MethodOptions):
    """How a clip follows frames of it that somebody has painted (Jamriška et al. 2019)."""

    key: tuple[str, ...] = file_option(
        (),
        "A frame that is painted, by its number, from 0: 0=painted.png. Repeat for more.",
        parts=_parts,
        metavar="FRAME=PICTURE",
        whole=True,
        role="free",
        often=True,
    )
    keys: str | None = file_option(
        None,
        "A folder of them, the number of the frame somewhere in each name: frame_0080.png, 80.jpg. With "
        "--every also a clip that is painted already.",
        metavar="FOLDER",
        role="free",
    )
    every: int | None = option(
        None,
        "Of --keys take every N-th frame alone: makes a painted clip that flickers steady.",
        minimum=1,
        metavar="N",
        role="free",
    )
    count_from: int = option(
        0, "The number that the first frame has in --key, --keys and --mask.", minimum=0, role="free"
    )
    key_mask: tuple[str, ...] = file_option(
        (),
        "What is white in this picture of a key frame is painted, wherever it moves; all else stays as it "
        "was filmed. Repeat for more. A key frame that is transparent in parts needs none.",
        parts=_parts,
        metavar="FRAME=MASK",
        whole=True,
        called="--mask",
        role="free",
    )
    suggest: int | None = option(
        None,
        "Instead of painting, write the N frames of INPUT that are worth painting into the folder OUT: those "
        "that show most of what others hide.",
        minimum=1,
        metavar="N",
        role="free",
    )
    missing: str = option(
        "leave",
        "A shot without a key frame stays as it was filmed, or takes the key frame nearest to it in looks.",
        choices=("leave", "nearest"),
        often=True,
    )
    color_only: bool = option(
        False,
        "Take colour alone from the key frames: a grey film is coloured from those coloured by hand.",
        often=True,
    )
    quality: str = as_in(SharedOptions, "quality", "draft is a preview at a quarter of the size.")
    color_weight: float = option(6.0, "How much the colours of the clip tell what is the same.", minimum=0)
    edge_weight: float = option(0.5, "How much its edges do.", minimum=0)
    feature_weight: float = option(2.0, "How much what a network sees in it does.", minimum=0)
    position_weight: float = option(2.0, "How much the place does, carried along the flow.", minimum=0)
    previous_weight: float = option(0.5, "How closely a frame keeps to the painting before it.", minimum=0)
    style_weight: float = option(1.0, "How well patches have to fit those around them.", minimum=0)
    uniformity: float = option(1.0, "How much is done against using one patch too often.", minimum=0)
    match_size: int | None = option(
        None,
        "Longest side in pixels at which frames are compared; paint is taken at full size. By the memory of "
        "the machine if not given.",
        minimum=32,
        metavar="PIXELS",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.painted  # noqa: B018  raises for what is none
        self.masks  # noqa: B018
        if self.every is not None and self.keys is None:
            raise UsageError("--every is for --keys: which frames of it are taken")

    @property
    def painted(self) -> dict[int, str]:
        """The pictures of --key by the numbers that they are given."""
        return _by_number("--key", self.key)

    @property
    def masks(self) -> dict[int, str]:
        """The pictures of --mask likewise."""
        return _by_number("--mask", self.key_mask)


def _by_number(called: str, given: tuple[str, ...]) -> dict[int, str]:
    found: dict[int, str] = {}
    for text in given:
        number, path = parse_numbered(called, text)
        if number in found:
            raise UsageError(f"{called} {number} is given twice: {found[number]} and {path}")
        found[number] = path
    return found


@dataclass(frozen=True, kw_only=True)
class KeysRunOptions(NeighbourRunOptions):
    """Those of such a run; painted frames are kept, since key frames are painted again."""

    features: str = as_in(RunOptions, "features")
    keep: bool = as_in(
        RunOptions,
        "keep",
        "Keep the painted frames in the job directory when done: then one key frame more, or one painted "
        "again, changes those alone that depend on it.",
        default=True,
    )


COMMAND = Command(
    KeysOptions,
    KeysRunOptions,
    "Paint INPUT after frames of it that are painted by hand: the clip follows.",
    "Key frames",
    Pictures(least=0, most=0),
    instead={"suggest": "vidstyle.suggesting.suggest:suggest"},
    taught=ByOptions,
    lent={"colorize": ("key", "keys", "every", "count_from", "missing")},
)
