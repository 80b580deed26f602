"""Small whole files of every kind that is read, and what is done with each once it is broken."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from crashes.trials import make_materials
from PIL import Image
from safetensors.torch import load_file

from vidstyle.cli import main as command_line
from vidstyle.flow.files import write_flo, write_pgm
from vidstyle.video.reader import open_clip

SAMPLES = Path(__file__).resolve().parents[2] / "sample_videos"
_MAKERS = Path(__file__).resolve().parents[2] / "tests" / "video"
_VIDEOS = {  # name: encoder, pixels, encoder of the sound
    "h264.mp4": ("libx264", "yuv420p", "aac"),
    "h265.mp4": ("libx265", "yuv420p", None),
    "prores.mov": ("prores_ks", "yuv422p10le", "pcm_s16le"),
    "h264.mkv": ("libx264", "yuv420p", "libopus"),
    "ffv1.mkv": ("ffv1", "yuv420p", "flac"),
    "vp9.webm": ("libvpx-vp9", "yuv420p", "libopus"),
    "mpeg4.avi": ("mpeg4", "yuv420p", "libmp3lame"),
    "mjpeg.avi": ("mjpeg", "yuvj420p", None),
    "mpeg2.ts": ("mpeg2video", "yuv420p", "mp2"),
    "h264.ts": ("libx264", "yuv420p", "aac"),
    "anim.gif": ("gif", "rgb8", None),
    "clear.mkv": ("ffv1", "yuva420p", None),
    "clear.mov": ("prores_ks", "yuva444p10le", None),
    "clear.webm": ("libvpx-vp9", "yuva420p", None),
}
_SECONDS = Fraction(6, 25)
_SIZE = (64, 48)  # libx265 breaks down at fewer rows
FEATURES = "--features=thin.safetensors"
_PAINT = [FEATURES, "--precision=float32", "--device=cpu", "--steps=1", "--next-steps=1", "--quiet"]
_SMALL = ["--size=32"]
_SETS = ["--source=dark", "--target=bright"]


@dataclass(frozen=True)
class Target:
    """victim: the file that is broken; commands: of which one is run; beside: what else of the kit is needed.

    inside: the folder of the kit in which the victim is found, with all that lies around it.
    """

    victim: str
    commands: tuple[tuple[str, ...], ...]
    beside: tuple[str, ...] = ()
    inside: str = ""

    def lay(self, kit: Path, folder: Path) -> None:
        """Copy all that is needed into an empty folder."""
        for name in (*self.beside, *([] if self.inside else [self.victim])):
            _copy(kit / name, folder / name)
        for path in sorted((kit / self.inside).iterdir()) if self.inside else ():
            _copy(path, folder / path.name)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copyfile(source, target)


def make_kit(folder: Path) -> None:
    """Everything that `targets` names."""
    make_materials(folder)
    for i, sample in enumerate(sorted(SAMPLES.glob("*.mp4"))):
        for name in list(_VIDEOS)[i::3]:  # every sample clip, in several containers
            _encode(folder / name, sample, *_VIDEOS[name])
    shutil.copy(folder / "h264.mp4", folder / "whole.mp4")
    _make_stills(folder)
    _make_coloured(folder, Image.open(folder / "still.png"))
    (folder / "clip").mkdir()
    for i in range(3):
        shutil.copy(folder / "dark" / f"{i}.png", folder / "clip" / f"{i}.png")
    torch.save(load_file(folder / "thin.safetensors"), folder / "thin.pth")
    _make_flows(folder / "flows")
    _make_lists(folder)
    _run(folder, ["dfi", "still.png", *_SETS, *_PAINT, "--save-vector=vector.safetensors", "-o", "made.png"])
    _make_jobs(folder)


def _encode(path: Path, source: Path, codec: str, pix_fmt: str, sound: str | None) -> None:
    """Six small frames of a sample, with a tone."""
    with av.open(str(path), "w") as output:
        quiet = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        video = output.add_stream(codec, rate=25, options={"g": "3", **quiet})
        video.width, video.height, video.pix_fmt = *_SIZE, pix_fmt
        audio = output.add_stream(sound, rate=48000, layout="mono") if sound else None
        output.start_encoding()
        if audio:
            context = audio.codec_context
            resampler = av.AudioResampler(context.format, context.layout, 48000, context.frame_size or 1000)
            tone = (8000 * np.sin(np.arange(int(_SECONDS * 48000)) / 20)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(tone[None], "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                output.mux(audio.encode(part))
            output.mux(audio.encode(None))
        for frame in open_clip(source).frames(0, 6):
            picture = av.VideoFrame.from_ndarray(
                np.ascontiguousarray(frame.pixels.transpose(1, 2, 0)), "rgb24"
            )
            picture = picture.reformat(*_SIZE, pix_fmt)
            picture.pts, picture.time_base = frame.index, Fraction(1, 25)
            output.mux(video.encode(picture))
        output.mux(video.encode(None))


def _make_stills(folder: Path) -> None:
    image = cv2.imread(str(folder / "still.png"))
    deep, clear = image.astype(np.uint16) * 257, np.dstack([image, image[:, :, 0]])
    for name, pixels, options in (
        ("deep.png", deep, []),
        ("clear.png", clear, []),
        ("palette.bmp", image, []),
        ("photo.jpg", image, []),
        ("photo.webp", image, [cv2.IMWRITE_WEBP_QUALITY, 80]),
        ("exact.webp", clear, [cv2.IMWRITE_WEBP_QUALITY, 101]),
        ("lzw.tif", image, [cv2.IMWRITE_TIFF_COMPRESSION, 5]),
        ("deflate.tif", deep, [cv2.IMWRITE_TIFF_COMPRESSION, 8]),
        ("plain.tif", image, [cv2.IMWRITE_TIFF_COMPRESSION, 1]),
        ("grey.pgm", image[:, :, 0], []),
        ("colour.ppm", image, []),
        ("light.hdr", image.astype(np.float32) / 255, []),
        ("map.png", np.uint8(255) * (image[:30, :44, 0] > 125), []),
    ):
        assert cv2.imwrite(str(folder / name), pixels, options)
    _make_animations(folder, Image.fromarray(image))


def _make_animations(folder: Path, image: Image.Image) -> None:
    """And pictures that OpenCV does not write."""
    image.save(folder / "plain.tga")
    image.save(folder / "packed.tga", compression="tga_rle")
    for name, codec, pix_fmt, options in _CODED:
        context = av.CodecContext.create(codec, "w")
        context.width, context.height, context.pix_fmt = *image.size, pix_fmt
        context.time_base, context.options = Fraction(1, 25), options
        frame = av.VideoFrame.from_ndarray(np.asarray(image), "rgb24").reformat(format=pix_fmt)
        frame.pts = 0
        data = [bytes(packet) for packet in [*context.encode(frame), *context.encode(None)]]
        (folder / name).write_bytes(b"".join(data))
    turned = [image.rotate(turn) for turn in (20, 40, 60, 80, 100)]
    for name in _ANIMATIONS:
        image.save(folder / name, "PNG" if name == "anim.png" else None, save_all=True, append_images=turned)


def _make_coloured(folder: Path, image: Image.Image) -> None:
    """Pictures with colour profiles, in inks and Lab, and out of containers."""
    sys.path.append(str(_MAKERS))
    from heic_maker import heic
    from picture_makers import DISPLAY_P3, SRGB_CURVE, cmyk_profile, rgb_profile, tiff

    wide, inks = rgb_profile("Display P3", DISPLAY_P3, SRGB_CURVE), cmyk_profile("Inks")
    for name in ("wide.png", "wide.jpg", "wide.tif", "wide.webp", "wide.avif"):
        image.save(folder / name, icc_profile=wide)
    image.convert("CMYK").save(folder / "inks.jpg", icc_profile=inks)
    image.save(folder / "scans.jpg", progressive=True)
    (folder / "cut.jpg").write_bytes((folder / "wide.jpg").read_bytes()[:-2])
    image.save(folder / "one.gif")
    pixels = np.asarray(image)
    (folder / "wide.heic").write_bytes(heic(pixels, profile=wide))
    (folder / "tiles.heic").write_bytes(heic(pixels, tiles=True, turns=1))
    deep = pixels.astype(np.uint16) * np.uint16(257)
    four = np.dstack([deep, deep[:, :, 0]])
    (folder / "planes.tif").write_bytes(tiff(deep, 2, planar=True, packed=True))
    (folder / "big.tif").write_bytes(tiff(deep, 8, big=True))
    (folder / "inks.tif").write_bytes(tiff(four, 5, more={34675: (7, list(inks))}))


_CODED = (
    ("ten.dpx", "dpx", "gbrp10le", {}),
    ("eight.dpx", "dpx", "rgba", {}),
    ("light.pfm", "pfm", "gbrpf32le", {}),
    ("half.exr", "exr", "gbrpf32le", {"format": "half", "compression": "zip16"}),
    ("float.exr", "exr", "gbrapf32le", {"format": "float", "compression": "rle"}),
)
_STILLS = ("still.png", "deep.png", "clear.png", "palette.bmp", "photo.jpg", "photo.webp", "exact.webp")
_STILLS += ("lzw.tif", "deflate.tif", "plain.tif", "grey.pgm", "colour.ppm", "plain.tga", "packed.tga")
_STILLS += ("light.hdr", *(name for name, *_ in _CODED))
_STILLS += ("wide.png", "wide.jpg", "wide.tif", "wide.webp", "wide.avif", "inks.jpg", "scans.jpg", "cut.jpg")
_STILLS += ("one.gif", "wide.heic", "tiles.heic", "planes.tif", "big.tif", "inks.tif")
_ANIMATIONS = ("anim.png", "anim.webp", "anim.avif")


def _make_flows(folder: Path) -> None:
    folder.mkdir()
    vectors = np.random.default_rng(1).normal(0, 1, (2, 30, 44)).astype(np.float32)
    for i in range(2):
        for name, pair in (("forward", f"{i}_{i + 1}"), ("backward", f"{i + 1}_{i}")):
            write_flo(folder / f"{name}_{pair}.flo", vectors)
            write_pgm(folder / f"reliable_{pair}.pgm", np.full((30, 44), 254, np.uint8))


def _make_lists(folder: Path) -> None:
    rows = [
        {"path": f"{name}/{i}.png", "smiling": str(int(name == "bright"))}
        for name in ("dark", "bright")
        for i in range(6)
    ]
    (folder / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with (folder / "people.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    names = ["still.png", *(row["path"] for row in rows)]
    marks = "".join(f"{name},10.5,12,30,{12 + i % 3}\n" for i, name in enumerate(names))
    (folder / "marks.csv").write_text(f"path,x1,y1,x2,y2\n{marks}")


_JOB = ("style", "clip", "style.png", *_PAINT, *_SMALL, "--codec=ffv1", "-o", "out.mkv")
_FLOW = ("flow", "clip", "-o", "out", "--quiet", *_SMALL)


def _make_jobs(folder: Path) -> None:
    """begun/ and done/, jobs beside their results, which were made in a place that is gone; flowed/."""
    place = folder / "place"
    for name in ("begun", "done"):
        for part in ("clip", "style.png", "thin.safetensors"):
            _copy(folder / part, place / part)
        _run(place, [*_JOB, "--keep"])
        if name == "begun":
            (place / "out.mkv").unlink()
            (place / "out.mkv.vidstyle" / "done").unlink()
            (place / "out.mkv.vidstyle" / "frames" / "00000002.png").unlink()
        for path in sorted(place.glob("out.mkv*")):
            _copy(path, folder / name / path.name)
        shutil.rmtree(place)
    (folder / "flowed").mkdir()
    _run(folder, ["flowed/out" if word == "out" else word for word in _FLOW])


def _run(folder: Path, arguments: list[str]) -> None:
    before = Path.cwd()
    os.chdir(folder)
    try:
        if code := command_line(arguments):
            raise SystemExit(f"fuzz: {' '.join(arguments)} failed with {code} on whole files")
    finally:
        os.chdir(before)


def targets() -> list[Target]:
    """Everything that can be broken."""
    base = ("style.png", "thin.safetensors")
    return [*_media(base), *_weights(base), *_edits(base), *_jobs(base)]


def _media(base: tuple[str, ...]) -> list[Target]:
    found = []
    for name in (*_VIDEOS, *_ANIMATIONS):
        commands = (
            ("style", name, "style.png", *_PAINT, *_SMALL, "--frames=:2", "--codec=ffv1", "-o", "out.mkv"),
            ("style", name, "style.png", *_PAINT, "--size=16", "--independent", "-o", "out.mp4"),
            ("style", name, "style.png", *_PAINT, *_SMALL, "--frames=4:6", "-o", "out"),
            ("flow", name, "-o", "out", "--quiet", *_SMALL, "--frames=:3"),
            ("evaluate", name, "whole.mp4", FEATURES, "--quiet", *_SMALL, "--json=out.json"),
            ("evaluate", "whole.mp4", name, FEATURES, "--quiet", *_SMALL, "--json=out.json"),
        )
        found.append(Target(name, commands, (*base, "whole.mp4")))
    for name in _STILLS:
        beside = (*base, "photo.jpg")
        commands = (
            ("style", name, "style.png", *_PAINT, "-o", "out.png"),
            ("style", "photo.jpg", name, *_PAINT, "-o", "out.png"),
            ("style", "photo.jpg", "style.png", *_PAINT, f"--init={name}", "-o", "out.png"),
            ("style", "photo.jpg", "style.png", *_PAINT, f"--mask={name}", "-o", "out.png"),
        )
        found.append(Target(name, commands, beside))
    sequence = (
        ("style", "clip", "style.png", *_PAINT, *_SMALL, "-o", "out"),
        ("style", "clip/%d.png", "style.png", *_PAINT, *_SMALL, "--independent", "-o", "out/%d.png"),
    )
    regions = ("--labels=map.png", "--label-styles=white=1")
    guided = (("style", "clip", "style.png", *_PAINT, *_SMALL, *regions, "-o", "out"),)
    clip = (*base, "clip")
    return [*found, Target("clip/1.png", sequence, clip), Target("map.png", guided, clip)]


def _weights(base: tuple[str, ...]) -> list[Target]:
    found = []
    for name in ("thin.safetensors", "thin.pth"):
        paint = [part.replace("thin.safetensors", name) for part in _PAINT]
        commands = (
            ("style", "photo.jpg", "style.png", *paint, "-o", "out.png"),
            ("features", f"--features={name}", "--json"),
        )
        found.append(Target(name, commands, ("style.png", "photo.jpg")))
    check = ("flow", "--check", "flows/forward_0_1.flo", "flows/backward_1_0.flo", "-o", "out.pgm")
    paint = ("style", "clip", "style.png", *_PAINT, "--flow-dir=flows", "-o", "out")
    flows = ("flows/backward_1_0.flo", "flows/reliable_1_0.pgm")
    return [*found, *(Target(name, (check, paint), (*base, "flows", "clip")) for name in flows)]


def _edits(base: tuple[str, ...]) -> list[Target]:
    beside = (*base, "dark", "bright", "still.png")
    dfi = ("dfi", "still.png", *_PAINT, "-o", "out.png")
    found = [
        Target("vector.safetensors", ((*dfi, "--vector=vector.safetensors"),), beside),
        Target("dark/2.png", ((*dfi, *_SETS),), beside),
        Target("marks.csv", ((*dfi, *_SETS, "--align=marks.csv"),), beside),
    ]
    for name in ("people.csv", "people.jsonl"):
        both = (f"--source={name}", f"--target={name}")
        rows = ("--where-source=smiling=0", "--where-target=smiling=1")
        found.append(Target(name, ((*dfi, *both, *rows),), beside))
    return found


def _jobs(base: tuple[str, ...]) -> list[Target]:
    job = "out.mkv.vidstyle"
    commands = (
        ("resume", job, "--quiet"),
        ("resume", job, "--quiet"),
        ("status", job),
        ("status", job, "--json"),
        _JOB,
    )
    files = {
        "begun": ("job.json", "job.json", "job.json", "end", "frames/00000001.png", "shots/00000000"),
        "done": ("job.json", "done", "done", "frames/00000002.png"),
    }
    beside = (*base, "clip")
    found = [
        Target(f"{job}/{name}", commands, beside, inside=state)
        for state, names in files.items()
        for name in names
    ]
    return [*found, Target("out/flow.json", (_FLOW,), ("clip",), inside="flowed")]
