"""Exact optical flow and visibility of the rendered clips, from their geometry.

Flows are on the grid of `frame`: a point seen at pixel (x, y) of `frame` is at (x + u, y + v) in the other
frame, whether or not it can be seen there.
"""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from samples import scenes
from samples.relief import WATER, lookup
from samples.world import BODY, OVERSAMPLING, SKY, Hits, World, trace
from vidstyle.flow.files import write_flo

CLIPS = {"valley": scenes.valley, "passing": scenes.passing}
COLOURS = {"sky": (0, 160, 255), "land": (0, 160, 0), "balloon": (255, 0, 0), "water": (0, 0, 160)}
SLACK = 0.01  # share of the depth by which two looks at one surface may differ


def world(name: str) -> World:
    """The world of clip "valley" or "passing", of that without its balloon, or of the picture "dusk"."""
    return {**CLIPS, "without balloon": scenes.without_balloon, "dusk": scenes.dusk}[name]()


def flow(name: str, frame: int, other: int) -> tuple[np.ndarray, np.ndarray]:
    """Flow from `frame` to `other`: vectors float32 (2, H, W), pixels; visible bool (H, W).

    Visible: the point lies inside `other` and nothing hides it there.
    """
    scene = world(name)
    hits = _centres(_hits(name, frame))
    x, y, depth = _positions(scene, hits, other)
    height, width = x.shape
    rows, columns = np.mgrid[:height, :width]
    vectors = np.stack([x - columns, y - rows]).astype(np.float32)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return vectors, inside & _in_front(_hits(name, other), hits.kind, x, y, depth)


def labels(name: str, frame: int) -> np.ndarray:
    """What each pixel of a frame shows, as colours uint8 (H, W, 3), red first; see `COLOURS`."""
    scene, hits = world(name), _centres(_hits(name, frame))
    x, z = hits.points[..., 0], hits.points[..., 2]
    cells = lookup(scene.relief.kind, *scene.relief.cell(x, z), nearest=True)
    kind = np.where(hits.kind >= BODY, 2, np.where(hits.kind == SKY, 0, np.where(cells == WATER, 3, 1)))
    return np.array(list(COLOURS.values()), np.uint8)[kind]


def _positions(scene: World, hits: Hits, other: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pixel x, y and depth in frame `other` of what `hits` holds."""
    camera = scene.camera(other)
    points = hits.points.copy()
    points[hits.kind == SKY] += camera.position  # the sky is so far off that it follows the camera
    for number, body in enumerate(scene.bodies):
        mine = hits.kind == BODY + number
        rotation, position = body.pose(other)
        points[mine] = points[mine] @ rotation.T + position
    x, y, depth = camera.project(points)
    return x, y, np.where(hits.kind == SKY, np.inf, depth)


def _in_front(there: Hits, kind: np.ndarray, x: np.ndarray, y: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Whether points of `kind` at (x, y) and `depth` are what the other frame shows there.

    The depth may lie anywhere between those of the rays next to it, since ground seen at a flat angle
    changes its depth much from one ray to the next.
    """
    around = np.ones((3, 3), np.uint8)
    seen = there.depth.astype(np.float32)
    column, row = ((axis + 0.5) * OVERSAMPLING - 0.5 for axis in (x, y))
    nearest, farthest = (
        lookup(edge(seen, around), column, row, nearest=True) for edge in (cv2.erode, cv2.dilate)
    )
    same = lookup(there.kind.astype(np.float32), column, row, nearest=True) == kind
    return same & (depth >= nearest * (1 - SLACK)) & (depth <= farthest * (1 + SLACK))


@lru_cache(maxsize=4)
def _hits(name: str, frame: int) -> Hits:
    return trace(world(name), frame, OVERSAMPLING)


def _centres(hits: Hits) -> Hits:
    """Only the rays through pixel centres."""
    middle = slice(OVERSAMPLING // 2, None, OVERSAMPLING)
    return Hits(*(getattr(hits, part.name)[middle, middle] for part in fields(hits)))


def write_truth(name: str, folder: Path) -> None:
    """flow_fw_%04d.flo and flow_bw_%04d.flo with visible_fw_%04d.png and visible_bw_%04d.png for each frame.

    fw: from that frame to the next; bw: to the one before. Masks: 255 visible there, 0 hidden or outside.
    labels_%04d.png: what each pixel shows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frames = world(name).frames
    for frame in range(frames):
        cv2.imwrite(str(folder / f"labels_{frame:04d}.png"), labels(name, frame)[..., ::-1])
        for way, other in (("fw", frame + 1), ("bw", frame - 1)):
            if 0 <= other < frames:
                vectors, visible = flow(name, frame, other)
                write_flo(folder / f"flow_{way}_{frame:04d}.flo", vectors)
                cv2.imwrite(str(folder / f"visible_{way}_{frame:04d}.png"), visible * np.uint8(255))
