"""A contact sheet of a batch: inputs before its rows, styles above its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from vidstyle.atomic import clear_leftovers
from vidstyle.errors import MediaError, OutputError, UsageError, VidstyleError
from vidstyle.events import Notice
from vidstyle.image.convert import on_paper, to_uint8
from vidstyle.image.sheet import MOST_ROWS, cell_side, fitted, sheet
from vidstyle.pipeline.frames import frame_range, frame_total
from vidstyle.video.formats import check_spared
from vidstyle.video.pictures import picture_suffix, read_picture, write_picture
from vidstyle.video.reader import open_clip


class ContactSheet:
    """Where the sheet is to be written, checked beforehand.

    folder: of the results. read: what the batch reads and writes, which is spared.

    Raises UsageError or OutputError where the sheet cannot be written.
    """

    def __init__(self, path: Path, folder: Path, read: Sequence[Path]) -> None:
        self.path = path
        picture_suffix(path)
        if path.parent != folder and not path.parent.is_dir():
            raise OutputError(f"{path} cannot be written: there is no folder {path.parent}")
        if path.resolve() in {other.resolve() for other in read}:
            raise UsageError(f"{path} is a picture of this batch; give the grid another name")
        check_spared(path, [], overwrite=True)

    def write(
        self,
        sources: Sequence[Path],
        styles: Sequence[Path],
        results: Mapping[tuple[Path, Path], Path],
        frames: str | None,
        notice: Notice,
    ) -> None:
        """Of clips it shows the middle frame. frames: the part of the sources that was painted."""
        if len(sources) >= MOST_ROWS:
            notice(f"{self.path} shows the first {MOST_ROWS - 1} of {len(sources)} inputs")
            sources = sources[: MOST_ROWS - 1]
        side = cell_side(len(sources) + 1, len(styles) + 1)
        painted = {
            key: fitted(middle_frame(path), side) for key, path in results.items() if key[0] in sources
        }
        side = max(max(picture.shape[1:]) for picture in painted.values())  # heads are no larger than results
        heads = [fitted(on_paper(*read_picture(style)), side) for style in styles]
        rows: list[list[Tensor | None]] = [[None, *heads]]
        rows += [
            [_head(source, frames, side), *(painted.get((source, style)) for style in styles)]
            for source in sources
        ]
        clear_leftovers([self.path])
        write_picture(self.path, to_uint8(sheet(rows, side)))


def middle_frame(path: Path, frames: str | None = None) -> Tensor:
    """Float32 (3, H, W) in [0, 1] of a picture, or of the middle of a clip, or of the `frames` A:B of it."""
    clip = open_clip(path)
    start, stop = frame_range(frames, clip)
    middle = start + (frame_total(clip, start, stop) or 1) // 2
    for index in (middle, start):  # how many frames there are is an estimate for most videos
        for frame in clip.frames(index, index + 1):
            return on_paper(frame.pixels, frame.alpha)
    raise MediaError(f"{path} has no frame {start}")


def _head(source: Path, frames: str | None, side: int) -> Tensor | None:
    """The picture before a row; none where the source cannot be read, which has been told already."""
    try:
        return fitted(middle_frame(source, frames), side)
    except VidstyleError:
        return None
