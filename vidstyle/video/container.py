"""Opening media files by PyAV, and which of their streams is the picture."""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from ..errors import MediaError
from .clip import StreamInfo
from .limits import max_pixels

# Demuxers that make a picture out of any text, or follow references to other files and hosts.
_TEXT = {"tty", "bintext", "xbin", "adf", "idf"}
_REFERRING = {"concat", "image2", "hls", "dash", "imf", "sdp", "rtp", "rtsp", "sap", "vobsub", "lavfi"}
_REFERRING |= {"webm_dash_manifest", "ffmetadata"}
_READABLE = ",".join(sorted(av.formats_available - _TEXT - _REFERRING))
_ANIMATED_PICTURES = {"avis", "msf1", "hevc", "hevx"}  # brands of AVIF and HEIF files with a sequence


def open_input(path: Path) -> InputContainer:
    """Open a media file with PyAV; raises MediaError."""
    try:
        return av.open(
            str(path.absolute()),  # a name such as concat:a or http:a is a file's all the same
            metadata_errors="replace",
            options=limits(),
            container_options={"format_whitelist": _READABLE, "protocol_whitelist": "file"},
        )
    except (av.FFmpegError, UnicodeError) as error:
        raise MediaError(
            f"{path} cannot be read as a video ({reason_of(error)}); it may be damaged or cut short"
        ) from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The stream that players would show; raises MediaError if there is none, or it cannot be decoded."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        kinds = sorted({stream.type for stream in container.streams})
        holds = f"only {' and '.join(kinds)}" if kinds else "nothing"
        raise MediaError(f"{path} has no video stream, it holds {holds}")
    chosen = next((s for s in streams if s.disposition & Disposition.default), streams[0])
    if container.format.name == "ico":  # one picture in several sizes
        chosen = max(streams, key=lambda stream: stream.codec_context.width)
    if container.metadata.get("major_brand") in _ANIMATED_PICTURES:
        chosen = max(
            streams, key=lambda stream: stream.frames
        )  # the others are stills for those who show one
    if chosen.codec_context is None:
        raise MediaError(f"{path}: there is no decoder for its video stream; convert it first")
    return chosen


def is_picture(container: InputContainer) -> bool:
    """Whether this is a picture file, such as Photoshop's, whose length in time says nothing."""
    return container.format.name == "ico" or container.format.name.endswith("_pipe")


def stream_info(stream: Stream) -> StreamInfo:
    """What there is to say about a stream."""
    codec = stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"
    metadata = stream.metadata
    return StreamInfo(stream.index, stream.type, codec, metadata.get("language"), metadata.get("title"))


def limits() -> dict[str, str]:
    """For decoders, which count in whole blocks of pixels: memory is taken for up to twice the limit."""
    return {"max_pixels": str(2 * max_pixels() + 2**16)}


def reason_of(error: av.FFmpegError | UnicodeError) -> str:
    return (getattr(error, "strerror", None) or type(error).__name__).lower()
