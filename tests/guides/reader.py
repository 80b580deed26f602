"""A reader of the guides: has the files that a section speaks of, and gives its commands, made small."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import typer

from scripts.samples.faces import make_faces
from tests.guides.reading import ROOT, blocks, shell_lines
from tests.video.clip_makers import make_video, scene, write_image
from vidstyle.cli.commands import app
from vidstyle.flow.files import write_flo

SIZE, FRAMES = (48, 32), 104  # so many, as frame 100 is spoken of
MAPS = ("map", "labels", "doodle")
MASKS = ("mask", "lamp", "logo", "first", "hole", "van")
PICTURES = ("{}.png", 5)
FOLDERS = {
    **dict.fromkeys(("photos", "paintings", "plain", "smiling"), PICTURES),
    "masks": ("{:04d}.png", FRAMES),
    "painted": ("frame_{:04d}.png", 1),
    "some": ("{}.png", 1),
}
WRITES = ("-o", ">", "--grid")
_FEW = {"--fast": ["--minutes", "0.1"], "learn": ["--steps", "1", "--pictures", "1"]}
Section = tuple[Path, str]


def sections_with(language: str, pages: Sequence[Path]) -> Iterator[Section]:
    """The parts of pages, each under its heading, that have such blocks."""
    for page in pages:
        for heading, text in parts(page).items():
            if f"```{language}\n" in text:
                yield page, heading


def parts(page: Path) -> dict[str, str]:
    """What stands under each heading of a page down to the third level, up to the next."""
    found, heading, fenced = {"": ""}, "", False
    for line in page.read_text("utf-8").splitlines(keepends=True):
        fenced ^= line.lstrip().startswith("```")
        if not fenced and re.match(r"#{1,3} ", line):
            heading = line.strip("# \n")
        found[heading] = found.get(heading, "") + line
    return found


class Reader:
    """In a folder of their own, with a page that holds one section."""

    def __init__(self, folder: Path, section: Section, clip: Path, features: Path) -> None:
        self.folder, self.clip, self.features = folder, clip, features
        self.page = folder / "section.md"
        self.page.write_text(parts(section[0])[section[1]])
        (folder / "sample_videos").symlink_to(ROOT / "sample_videos")

    def commands(self) -> Iterator[list[str]]:
        """Each command as words; those that a shell joins apart, `> FILE` and `< FILE` as words of it."""
        for line in shell_lines(self.page):
            words: list[str] = []
            lexer = shlex.shlex(line, posix=True, punctuation_chars="><&")
            lexer.whitespace_split = True
            for word in lexer:
                if word == "&&":
                    yield words
                    words = []
                else:
                    words.append(word)
            yield words

    def code(self) -> list[str]:
        return [block.code for block in blocks(self.page) if block.language == "python" and not block.name]

    def provide(self, words: Sequence[str]) -> None:
        """Make what a command reads and nobody has made yet."""
        written = {words[at + 1] for at, word in enumerate(words[:-1]) if word in WRITES}
        for word in words[2:]:
            name = re.sub(r"^\d+=", "", word)
            if name not in written:
                self.make(name)

    def make(self, name: str) -> None:
        """A file or a folder of this name, if it is one that guides speak of, unless it is there."""
        path = self.folder / name.rstrip("/")
        if path.exists() or name.startswith("sample_videos/"):
            return
        if name.startswith("faces/"):
            make_faces(self.folder / "faces", 5, SIZE[0], 0)
        elif "%" in name:
            path.parent.mkdir()
            for index in range(3):
                write_image(self.folder / (name % index), scene(*SIZE, index))
        elif path.suffix == ".mp4":
            shutil.copy(self.clip, path)
        elif path.suffix in (".png", ".jpg"):
            write_image(path, self._picture(name))
        elif path.suffix == ".safetensors":
            shutil.copy(ROOT / "vidstyle" / "looks" / "files" / "strokes.safetensors", path)
        elif path.suffix == ".flo":
            write_flo(path, np.zeros((2, SIZE[1], SIZE[0]), np.float32))
        elif name.endswith("/") or name in FOLDERS:
            self._fill(path)

    def _picture(self, name: str) -> np.ndarray:
        image = scene(*SIZE, 0)
        if any(word in name for word in MAPS):
            image[:, :] = (0, 160, 255)
            image[16:] = (0, 160, 0)
        elif any(word in name for word in MASKS):
            image[:] = 0
            image[8:20, 16:30] = 255
        return image

    def _fill(self, folder: Path) -> None:
        folder.mkdir()
        pattern, count = FOLDERS.get(folder.name, PICTURES)
        for index in range(count):
            moved = 2 * index if (pattern, count) == PICTURES else 0  # no two of one's pictures are the same
            write_image(folder / pattern.format(index), np.roll(self._picture(folder.name), moved, 1))

    def small(self, words: Sequence[str]) -> list[str]:
        """The command with little to do: words for main()."""
        found = [_less(before, word) for before, word in zip(["", *words], words, strict=False)]
        found = [word for word in found if word is not None][1:]
        name = found[0]
        takes = options_of(found)
        for option, value in self._added(found, name, takes):
            if option in takes and option not in found:
                found += [option] if value is None else [option, value]
        return found

    def quick_analogy(self) -> Iterator[tuple[str, str]]:
        less = {"--levels": "3", "--sweeps": "1", "--route": "warp", "--match-size": "32", "--steps": "1"}
        yield from {**less, "--features": str(self.features), "--frames": "0:2"}.items()

    def _added(self, words: Sequence[str], name: str, takes: set[str]) -> Iterator[tuple[str, str | None]]:
        for key, more in _FEW.items():
            if key in words:
                yield from zip(more[::2], more[1::2], strict=True)
        if name == "colorize":  # takes what the method takes that its other options choose
            yield from {"--size": str(SIZE[0]), "--frames": "0:2"}.items()
            if any(word.endswith(".jpg") for word in words):
                yield from self.quick_analogy()
            return
        if name == "analogy":
            yield from self.quick_analogy()
        if name == "fill":
            yield "--by", "diffusion"
        teaches = "student" in words and "--minutes" not in words  # or patches, which take no steps
        if "--look" not in words and (name != "keys" or teaches):
            yield from {"--steps": "1", "--next-steps": "1"}.items()
        yield "--features", str(self.features)
        yield "--precision", "float32"
        yield "--size", {"learn": "64", "texture": "48x32"}.get(name, str(SIZE[0]))
        yield "--quiet", None
        if any(word.endswith(".mp4") for word in words[1:3]) and "--fast" not in words:
            yield "--frames", "0:3"


def _less(before: str, word: str) -> str:
    """A value that makes less work."""
    if before in ("--size", "--style-size"):
        return "48x32" if "x" in word else "48"
    if before == "--frames":
        start, colon, stop = word.partition(":")
        return f"{start}:{min(int(stop), int(start) + 2)}" if colon else "3"
    if before == "--minutes":
        return "0.1"
    return word


def options_of(words: Sequence[str]) -> set[str]:
    """What the command that is named takes."""
    command: Any = typer.main.get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    if hasattr(command, "commands"):
        command = command.commands["style"]
    return {name for option in command.params for name in option.opts}


def parse(words: Sequence[str]) -> None:
    """As the command line would; raises for what it would refuse."""
    command: Any = typer.main.get_command(app)
    with command.make_context("vidstyle", list(words)) as context:
        name, own, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        own.make_context(name, list(rest), parent=context).close()


@cache
def clip_of(folder: Path) -> Path:
    pictures = [scene(*SIZE, index) for index in range(FRAMES)]
    return make_video(
        folder / "clip.mp4", size=SIZE, pictures=pictures, pts=list(range(FRAMES)), audio=("aac",)
    )
