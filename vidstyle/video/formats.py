"""What can be written: containers, codecs and which go together, and whether a place can be written to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import av

from ..errors import OutputError, UsageError
from ..plain import not_an_address
from .clip import Clip
from .headers import plays
from .numbering import existing_of_pattern, is_pattern
from .pictures import LIGHT_SUFFIXES, READABLE_SUFFIXES, WRITABLE_SUFFIXES, picture_suffix

OutputKind = Literal["video", "animation", "picture", "folder", "pattern"]

# File suffix to the name of FFmpeg's muxer.
CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"}
# Pictures that move, and the bits per channel that they can have. A WebP may also be a picture that does not.
ANIMATIONS = {".gif": (8,), ".apng": (8, 16), ".webp": (8,)}
_X26X_PRESETS = (
    "ultrafast",
    "superfast",
    "veryfast",
    "faster",
    "fast",
    "medium",
    "slow",
    "slower",
    "veryslow",
)


@dataclass(frozen=True, slots=True)
class Codec:
    """An encoder and how it is asked for quality.

    pix_fmts: by bit depth, the default depth first.
    crf: the default constant rate factor and its greatest value; None where there is no such thing.
    presets: the valid ones, the default first; preset_option: the encoder's name for them.
    alpha: the pix_fmts with transparency, by the same depths, where it has any, and the options for it.
    """

    encoder: str
    containers: tuple[str, ...]
    pix_fmts: dict[int, str]
    crf: tuple[int, int] | None = None
    presets: tuple[str, ...] = ()
    preset_option: str = "preset"
    options: dict[str, str] = field(default_factory=dict)
    tag: str | None = None
    alpha: dict[int, str] = field(default_factory=dict)
    alpha_options: dict[str, str] = field(default_factory=dict)

    def with_alpha(self) -> Codec:
        """The same, for pictures with transparency."""
        return replace(self, pix_fmts=self.alpha, options=self.options | self.alpha_options)


CODECS = {
    "h264": Codec(
        "libx264",
        ("mp4", "mov", "matroska"),
        {8: "yuv420p"},
        (16, 51),
        ("medium", *_X26X_PRESETS),
        # With its macroblock tree x264 gives another file now and then for the same frames (nine of them in
        # 24 tries), and a resumed run is to give the same file as one in one piece.
        options={"x264-params": "mbtree=0"},
    ),
    "h265": Codec(
        "libx265",
        ("mp4", "mov", "matroska"),
        {8: "yuv420p", 10: "yuv420p10le"},
        (18, 51),
        ("medium", *_X26X_PRESETS),
        options={"x265-params": "log-level=none"},
        tag="hvc1",
    ),
    "av1": Codec(
        "libsvtav1",
        ("mp4", "matroska", "webm"),
        {8: "yuv420p", 10: "yuv420p10le"},
        (24, 63),
        ("6", *map(str, range(14))),
    ),
    "vp9": Codec(
        "libvpx-vp9",
        ("webm", "matroska", "mp4"),
        {8: "yuv420p"},  # PyAV's libvpx is built without its deeper profiles
        (24, 63),
        ("2", *map(str, range(9))),
        "cpu-used",
        {"b": "0", "row-mt": "1"},
        alpha={8: "yuva420p"},
    ),
    # RGB, because YUV at the same depth would not give back the pixels.
    "ffv1": Codec(
        "ffv1",
        ("matroska",),
        {8: "bgr0", 10: "gbrp10le", 16: "gbrp16le"},
        options={"level": "3", "slicecrc": "1"},
        alpha={8: "bgra", 10: "gbrap10le", 16: "gbrap16le"},
    ),
    "prores": Codec(
        "prores_ks",
        ("mov", "matroska"),
        {10: "yuv422p10le"},
        options={"profile": "3"},
        alpha={10: "yuva444p10le"},
        alpha_options={"profile": "4"},
    ),
}


def writable_codecs() -> dict[str, bool]:
    """The names of the codecs, and whether this build of PyAV can write each."""
    return {name: codec.encoder in av.codecs_available for name, codec in CODECS.items()}


def ffmpeg_versions() -> str:
    """Of FFmpeg's libraries inside PyAV: "libavcodec 61.19.101, ..."."""
    return ", ".join(f"{name} {'.'.join(map(str, v))}" for name, v in sorted(av.library_versions.items()))


def output_kind(path: Path, clip: Clip, start: int = 0, stop: int | None = None) -> OutputKind:
    """What a path asks for, of frames [start, stop) of a clip.

    Raises UsageError for a suffix that names nothing known.
    """
    check_named(path)
    if is_pattern(path):
        picture_suffix(path)
        return "pattern"
    if path.is_dir() or not path.suffix:
        return "folder"
    suffix = path.suffix.lower()
    if suffix in CONTAINERS:
        return "video"
    if suffix in WRITABLE_SUFFIXES and (suffix not in ANIMATIONS or _is_single(clip, start, stop)):
        return "picture"
    if suffix in ANIMATIONS:
        return "animation"
    known = f"{', '.join([*CONTAINERS, *ANIMATIONS])} for video, {', '.join(sorted(WRITABLE_SUFFIXES))}"
    raise UsageError(
        f"{path} has an unknown suffix; known are {known} for pictures, or none for a folder of pictures"
    )


def check_named(path: Path) -> None:
    """Raise UsageError for what other programs take for standard output, and for addresses."""
    if path == Path("-"):
        raise UsageError("- stands for standard output, which takes no result; name a file or a folder")
    if not path.parent.exists():
        try:
            not_an_address(path)
        except ValueError as error:
            raise UsageError(str(error)) from None


def container_of(path: Path) -> str:
    """The name of FFmpeg's muxer for a video file's suffix."""
    return CONTAINERS[path.suffix.lower()]


def choose_codec(
    path: Path, codec: str, crf: int | None = None, preset: str | None = None, bit_depth: int | None = None
) -> Codec:
    """The codec by name, checked against container and options; raises UsageError listing what is valid."""
    if codec not in CODECS:
        raise UsageError(f"unknown codec {codec}; known are {', '.join(CODECS)}")
    chosen, container = CODECS[codec], container_of(path)
    if chosen.encoder not in av.codecs_available:
        raise UsageError(f"this build of PyAV has no encoder for {codec}; use another codec")
    if container not in chosen.containers:
        fitting = [name for name, other in CODECS.items() if container in other.containers]
        suffixes = [suffix for suffix, name in CONTAINERS.items() if name in chosen.containers]
        raise UsageError(
            f"{path.suffix} cannot hold {codec}: use {' or '.join(fitting)}, or a file ending in "
            f"{' or '.join(suffixes)}"
        )
    if bit_depth is not None and bit_depth not in chosen.pix_fmts:
        depths = " or ".join(map(str, chosen.pix_fmts))
        raise UsageError(f"{codec} is written with {depths} bits, not {bit_depth}")
    if crf is not None:
        if chosen.crf is None:
            raise UsageError(f"{codec} has no crf; leave it out")
        if not 0 <= crf <= chosen.crf[1]:
            raise UsageError(f"crf of {codec} is 0 (best) to {chosen.crf[1]}, not {crf}")
    if preset is not None and preset not in chosen.presets:
        valid = ", ".join(dict.fromkeys(chosen.presets)) or "none"
        raise UsageError(f"unknown preset {preset} for {codec}; valid are {valid}")
    return chosen


def check_output(
    path: Path | str,
    clip: Clip,
    codec: str = "h264",
    *,
    crf: int | None = None,
    preset: str | None = None,
    bit_depth: int | None = None,
    start: int = 0,
    stop: int | None = None,
    overwrite: bool = False,
) -> OutputKind:
    """Everything about an output that can be known before painting; returns what kind it is.

    Raises UsageError for options that contradict each other, OutputError for a place that cannot be written.
    An existing file is replaced; pictures in an existing folder only with `overwrite`.
    """
    path = Path(path)
    kind = output_kind(path, clip, start, stop)
    if kind == "video":
        choose_codec(path, codec, crf, preset, bit_depth)
    else:
        _check_depth(path, kind, bit_depth)
    if kind == "picture":
        _check_single(path, clip, start, stop)
    _check_not_input(path, clip)
    if kind == "folder" and path.is_file():
        raise OutputError(f"{path} is a file; give a folder, or a name with a suffix")
    if not overwrite:
        _check_unused(path, kind)
    if kind != "pattern" or path.parent.exists():
        _check_writable(path, path.parent)
    else:
        _check_writable(path, path.parent.parent)
    return kind


def check_spared(output: Path, read: Sequence[Path], overwrite: bool) -> None:
    """Nothing of the user's is replaced unasked, and what the run reads not at all."""
    if not output.exists():
        return
    for path in read:
        if path.exists() and output.samefile(path):
            raise UsageError(f"{output} is read by this run; give the result another name")
    if not (output.is_file() or output.is_dir()):
        raise OutputError(f"{output} is a pipe or a device, which cannot be replaced; give another name")
    if output.is_file() and not overwrite:
        raise OutputError(f"{output} exists; give another name, or --overwrite to replace it")


def picture_depths(path: Path) -> tuple[int, ...]:
    """The bits per channel that a picture of this name can have, the usual ones first."""
    return (16,) if path.suffix.lower() in LIGHT_SUFFIXES else (8, 16)


def _check_depth(path: Path, kind: OutputKind, bit_depth: int | None) -> None:
    depths = ANIMATIONS[path.suffix.lower()] if kind == "animation" else picture_depths(path)
    if bit_depth not in (None, *depths):
        raise UsageError(
            f"{path.suffix or 'a folder of pictures'} is written with {' or '.join(map(str, depths))} bits, "
            f"not {bit_depth}"
        )


def _is_single(clip: Clip, start: int, stop: int | None) -> bool:
    last = clip.frame_count if stop is None else stop
    return clip.kind == "still" or (last is not None and last - start == 1)


def _check_single(path: Path, clip: Clip, start: int, stop: int | None) -> None:
    if not _is_single(clip, start, stop):
        raise UsageError(
            f"{path} is one picture but there are more frames; give a folder, a pattern such as "
            f"{path.stem}_%04d{path.suffix}, or --frames of one"
        )


def _check_not_input(path: Path, clip: Clip) -> None:
    same = path.resolve() == clip.path.resolve()
    if same or (path.exists() and clip.path.exists() and path.samefile(clip.path)):
        raise UsageError(f"{path} is the input itself; give the output another name")


def _check_unused(path: Path, kind: OutputKind) -> None:
    if kind == "folder" and path.is_dir() and any(path.iterdir()):
        raise OutputError(f"the folder {path} is not empty; give a new or an empty one")
    if kind == "pattern" and existing_of_pattern(path):
        raise OutputError(f"files like {path} exist already; remove them or give another pattern")


def _check_writable(path: Path, folder: Path) -> None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileNotFoundError:
        raise OutputError(f"{path} cannot be written: the folder {folder} does not exist") from None
    except OSError as error:
        raise OutputError(f"{path} cannot be written in {folder}: {error.strerror}") from error


def likewise_suffix(source: Path) -> str:
    """The suffix of a result that is like this clip or picture; .mp4 or .png where its own is not written."""
    suffix = source.suffix.lower()
    if plays(source):
        return suffix if suffix in ANIMATIONS else ".mp4"
    if suffix in READABLE_SUFFIXES:
        return suffix if suffix in WRITABLE_SUFFIXES else ".png"
    return suffix if suffix in {*CONTAINERS, *ANIMATIONS} else ".mp4"
