"""A landscape as a relief: one height for each point of the ground, exact to cast rays at.

The map is laid out in perspective around an eye at the origin that looks along +z: a column is a direction
x / z, rows are evenly spaced in log z. A cell then covers about the same part of a picture at any distance.
World axes: x to the right, y up, z forward; units are metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from samples.noise import Noise, blur

GROUND, WATER, FIR, BROADLEAF, WALL, ROOF = range(6)


def lookup(picture: np.ndarray, column: np.ndarray, row: np.ndarray, nearest: bool = False) -> np.ndarray:
    """picture (H, W[, C]) at points of any shape, bilinear, edges continued."""
    shape, count, wide = column.shape, column.size, 4096  # OpenCV takes no picture wider than 32767
    if not count:
        return np.zeros((*shape, *picture.shape[2:]), picture.dtype)
    column, row = (np.resize(axis.astype(np.float32), (-(-count // wide), wide)) for axis in (column, row))
    method = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    values = cv2.remap(picture, column, row, method, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(-1, *picture.shape[2:])[:count].reshape(*shape, *picture.shape[2:])


@dataclass(frozen=True)
class Camera:
    """A level pinhole camera with a vertical lens shift, so that every picture column is a vertical plane.

    position: (x, y, z); yaw: radians, turning right; focal: in widths of the picture;
    horizon: height of the horizon in the picture, 0 top, 1 bottom. Pixel centres are whole numbers.
    """

    position: tuple[float, float, float]
    yaw: float
    focal: float
    horizon: float
    width: int
    height: int

    @property
    def focal_pixels(self) -> float:
        return self.focal * self.width

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pixel x, pixel y and depth of world points (..., 3)."""
        x, y, z = np.moveaxis(points - np.array(self.position), -1, 0)
        sin, cos = np.sin(self.yaw), np.cos(self.yaw)
        depth = x * sin + z * cos
        column = (self.width - 1) / 2 + self.focal_pixels * (x * cos - z * sin) / depth
        return column, self.horizon * self.height - self.focal_pixels * y / depth, depth

    def rays(self, over: int) -> tuple[np.ndarray, np.ndarray]:
        """Directions at unit depth: (x, z) of each column (W*over, 2) and y of each row (H*over,).

        `over` rays per pixel and axis; with an odd number the middle one goes through the pixel's centre.
        """
        columns = (np.arange(self.width * over) + 0.5) / over - self.width / 2
        rows = (np.arange(self.height * over) + 0.5) / over - 0.5 - self.horizon * self.height
        sideways = columns / self.focal_pixels
        sin, cos = np.sin(self.yaw), np.cos(self.yaw)
        return np.stack([sin + sideways * cos, cos - sideways * sin], -1), -rows / self.focal_pixels


class Relief:
    """Heights and what grows on them, on the perspective map; arrays are (rows, columns)."""

    def __init__(self, near: float, far: float, half_width: float, step: float) -> None:
        self.near, self.far, self.half_width, self.step = near, far, half_width, step
        rows, columns = int(np.log(far / near) / step), int(2 * half_width / step)
        depth = near * np.exp(step * np.arange(rows))
        self.z = np.repeat(depth[:, None], columns, 1).astype(np.float32)
        self.x = ((np.arange(columns) * step - half_width) * depth[:, None]).astype(np.float32)
        self.height = np.zeros((rows, columns), np.float32)
        self.kind = np.zeros((rows, columns), np.uint8)
        self.tint = np.zeros((rows, columns), np.float32)  # one random number per plant
        self.rise = np.zeros((rows, columns), np.float32)  # 0 at a plant's foot, 1 at its top
        self.foot = np.zeros((rows, columns), np.float32)  # of houses, metres

    def cell(self, x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Column and row of ground points, for cv2.remap."""
        z = np.maximum(z, 1e-3)
        return (
            ((x / z + self.half_width) / self.step).astype(np.float32),
            (np.log(z / self.near) / self.step).astype(np.float32),
        )

    def sample(self, layer: np.ndarray, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return lookup(layer, *self.cell(x, z))

    def plant(
        self, kind: int, site: tuple[float, float, float], size: tuple[float, float], seed: int, noise: Noise
    ) -> None:
        """Raise a tree of size (height, radius) at a site (x, z, height of its foot)."""
        x, z, foot = site
        tall, radius = size
        box = self._box(x, z, radius)
        dx, dz = self.x[box] - x, self.z[box] - z
        if dx.size == 0:
            return
        away = np.hypot(dx, dz) / radius
        leaves = noise.fbm(dx * 4 / radius + seed * 3.7, dz * 4 / radius, 4, 0.65)
        if kind == FIR:
            branches = np.cos(9 * np.arctan2(dz, dx) + seed + 9 * away) * 0.1
            crown = np.clip(1 - away * (1 + branches) - 0.03 * leaves * np.sqrt(away), 0, 1) ** 1.15
        else:
            crown = np.sqrt(np.clip(1 - (away * (1 + 0.07 * leaves)) ** 2, 0, 1)) * (0.93 + 0.05 * leaves)
        top = foot + crown * tall
        grown = (crown > 0) & (top > self.height[box])
        self.height[box][grown] = top[grown]
        self.kind[box][grown] = kind
        self.tint[box][grown] = (seed * 0.618034) % 1
        self.rise[box][grown] = crown[grown]

    def build(
        self, site: tuple[float, float, float], size: tuple[float, float, float, float], angle: float, tint: float,
        spire: bool = False,
    ) -> None:  # fmt: skip
        """Raise a house of size (width, depth, eaves, roof) at a site (x, z, height of its foot)."""
        x, z, foot = site
        wide, deep, eaves, roof = size
        cell = self.step * z
        box = self._box(x, z, 0.5 * np.hypot(wide, deep) + 3 * cell)
        dx, dz = self.x[box] - x, self.z[box] - z
        a = np.abs(np.cos(angle) * dx + np.sin(angle) * dz) * 2
        b = np.abs(np.cos(angle) * dz - np.sin(angle) * dx) * 2
        inside = (a < wide) & (b < deep)
        slope = 1 - np.maximum(a / wide, b / deep) if spire else 1 - b / deep
        self.height[box][inside] = (foot + eaves + roof * slope)[inside]
        # A wall is the step from one cell to the next, so it takes the cells on both sides of the step.
        around = (a < wide + 3 * cell) & (b < deep + 3 * cell)
        self.kind[box][around] = WALL
        self.kind[box][(a < wide - 3 * cell) & (b < deep - 3 * cell)] = ROOF
        self.tint[box][around] = tint
        self.foot[box][around] = foot

    def _box(self, x: float, z: float, radius: float) -> tuple[slice, slice]:
        """The part of the map that holds a disc."""
        near, far = max(z - radius, self.near), max(z + radius, self.near)
        rows = np.log(np.array([near, far]) / self.near) / self.step
        columns = [
            (edge / depth + self.half_width) / self.step
            for edge in (x - radius, x + radius)
            for depth in (near, far)
        ]
        return (
            slice(int(rows[0]), int(rows[1]) + 2),
            slice(max(int(min(columns)), 0), max(int(max(columns)) + 2, 0)),
        )

    def normals(self) -> np.ndarray:
        """Unit normals (rows, columns, 3)."""
        across = np.gradient(self.height, axis=1) / (self.step * self.z)
        along = np.gradient(self.height, axis=0) / (self.step * self.z) - self.x / self.z * across
        normal = np.stack([-across, np.ones_like(across), -along], -1)
        return normal / np.linalg.norm(normal, axis=-1, keepdims=True)

    def sunlight(self, sun: np.ndarray, softness: float = 0.04) -> np.ndarray:
        """How much of the sun each cell sees, 0 to 1, found on every second cell."""
        part = (slice(None, None, 2), slice(None, None, 2))
        x, z, start = self.x[part], self.z[part], self.height[part] + 0.002 * self.z[part]
        lit = np.ones_like(x)
        jitter = np.random.default_rng(1).uniform(1, 1.13, x.shape).astype(np.float32)
        for distance in 0.004 * 1.13 ** np.arange(56):
            reach = distance * z * jitter
            there = self.sample(self.height, x + sun[0] * reach, z + sun[2] * reach)
            lit = np.minimum(lit, (start + sun[1] * reach - there) / (softness * reach) + 0.5)
        lit = cv2.resize(np.clip(lit, 0, 1), self.height.shape[::-1], interpolation=cv2.INTER_LINEAR)
        return blur(lit, 0.8)

    def openness(self) -> np.ndarray:
        """How much of the sky each cell sees, roughly: less in hollows and at the feet of trees."""
        dark = np.zeros_like(self.height)
        for sigma in (3, 12, 48):
            hollow = (blur(self.height, sigma) - self.height) / (sigma * self.step * self.z)
            dark += np.clip(hollow, 0, 1.5)
        return np.exp(-0.45 * dark)

    def cast(self, camera: Camera, over: int) -> np.ndarray:
        """Depth (H*over, W*over) at which each ray meets the relief; inf where it meets the sky."""
        directions, slopes = camera.rays(over)
        ex, ey, ez = camera.position
        first = (self.near - ez) / directions[:, 1].min() * 1.001
        depths = np.geomspace(first, self.far * 0.98, int(np.log(self.far / first) / self.step))
        heights = self.sample(
            self.height, ex + depths[:, None] * directions[:, 0], ez + depths[:, None] * directions[:, 1]
        )
        rise = (heights - ey) / depths[:, None].astype(np.float32)
        # A ray of slope s ends at the first sample that is seen at slope >= s: count the samples before it.
        pitch = slopes[0] - slopes[1]
        highest = np.maximum.accumulate(rise, 0)
        row = np.clip(np.ceil((slopes[0] - highest) / pitch), 0, len(slopes)).astype(np.int64)
        size = (len(slopes) + 1, len(directions))
        flat = row * size[1] + np.arange(size[1])
        count = np.bincount(flat.ravel(), minlength=size[0] * size[1]).reshape(size)
        before = (len(depths) - np.cumsum(count, 0))[:-1]
        hit = before < len(depths)
        after = np.clip(before, 1, len(depths) - 1)
        lane = np.arange(len(directions))[None]
        ray = slopes[:, None]
        low = heights[after - 1, lane] - ey - ray * depths[after - 1]
        high = heights[after, lane] - ey - ray * depths[after]
        share = np.where(high > low, low / np.minimum(low - high, -1e-9), 0)
        depth = depths[after - 1] + np.clip(share, 0, 1) * (depths[after] - depths[after - 1])
        return np.where(hit, depth, np.inf)
