"""Open anything that shows pictures: a video file, a still, a folder or a numbered pattern of pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from ..errors import MediaError
from ..plain import plain_size
from .clip import Clip, StreamInfo
from .colour import ColorInfo
from .decode import VideoClip
from .headers import picture_format, plays
from .numbering import by_number, is_pattern, pictures_of_pattern
from .pictures import missing
from .sequences import PictureClip, pictures_of_folder
from .webp_clip import AnimatedWebP

__all__ = ["Clip", "ColorInfo", "StreamInfo", "open_clip"]


def open_clip(
    path: Path | str,
    *,
    fps: Fraction | None = None,
    damaged: str = "skip",
    deinterlace: str = "auto",
    raw: bool = False,
) -> Clip:
    """Open a video file, a picture, a folder of pictures or a pattern such as `frames/%04d.png`.

    fps: frames per second of picture sequences (default 25).
    damaged: what becomes of damaged frames of a video: "skip" leaves them out, with a notice, and the frames
        before them are shown longer; with "stop" whoever comes to one gets MediaError. A damaged picture of a
        sequence can be seen to by whom it belongs to: it always stops.
    deinterlace: of a video that says it is interlaced: "auto" makes each frame whole from its first field,
        "double" makes a frame of each field, "off" leaves both as they are.
    raw: of pictures: leave the values as they are stored, whatever colours they mean, as those of maps.
    The first frame is decoded, so that a clip that opens can be read.
    Raises MediaError, one line, where the path names nothing that can be read as a clip.
    """
    path = Path(path)
    if is_pattern(path) and not path.exists():
        return PictureClip(path, pictures_of_pattern(path), fps, raw)
    if path.is_dir():
        left_out: list[str] = []
        clip = PictureClip(path, by_number(pictures_of_folder(path, left_out.append)), fps, raw)
        clip.notices[:0] = left_out
        return clip
    try:
        plain_size(path)
        with path.open("rb") as file:
            head = file.read(18)
    except FileNotFoundError:
        raise MediaError(missing(path)) from None
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}") from error
    if not head:
        raise MediaError(f"{path} is empty (0 bytes)")
    if plays(path):
        return (
            AnimatedWebP(path, damaged)
            if picture_format(head) == "webp"
            else VideoClip(path, damaged, deinterlace)
        )
    suffix = path.suffix.lower()
    # Motion JPEG without a container begins as a JPEG picture does.
    if picture_format(head, suffix) not in (None, "gif") and suffix not in (".mjpg", ".mjpeg"):
        return PictureClip(path, {0: path}, fps, raw)
    return VideoClip(path, damaged, deinterlace)
