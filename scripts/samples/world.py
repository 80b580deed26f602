"""A world: a lit relief under a sky, perhaps with something floating through it, seen by a moving camera."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from samples.noise import Noise, blur, mix, srgb
from samples.relief import BROADLEAF, FIR, WALL, WATER, Camera, Relief, lookup

SKY, LAND, BODY = 0, 1, 2
OVERSAMPLING = 3  # rays per pixel and axis; odd, so that one goes through the pixel's centre


@dataclass(frozen=True)
class Sky:
    """A picture of the sky on the plane z = 1: light (rows, columns, 3), left to right and top to bottom."""

    light: np.ndarray
    half_width: float
    top: float

    @staticmethod
    def plane(
        half_width: float = 1.3, top: float = 0.8, columns: int = 2400
    ) -> tuple[np.ndarray, np.ndarray]:
        """x and y on the plane z = 1 of each pixel of a sky still to be painted."""
        rows = int(columns * top / (2 * half_width))
        x, y = np.linspace(-half_width, half_width, columns), np.linspace(top, 0, rows)
        return np.meshgrid(x.astype(np.float32), y.astype(np.float32))

    def sample(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        rows, columns = self.light.shape[:2]
        column = (x + self.half_width) * ((columns - 1) / (2 * self.half_width))
        row = (self.top - y) * ((rows - 1) / self.top)
        return lookup(self.light, column, row)


@dataclass(frozen=True)
class Light:
    """sun: direction towards it; colours in linear light; haze_depth: metres after which 63 % is haze."""

    sun: np.ndarray
    sun_colour: np.ndarray
    sky_colour: np.ndarray
    haze_colour: np.ndarray
    haze_depth: float
    eye_height: float


def illuminate(relief: Relief, albedo: np.ndarray, light: Light) -> np.ndarray:
    """Light that leaves each cell, (rows, columns, 3): sun and shadow, sky, light through leaves."""
    sun = light.sun / np.linalg.norm(light.sun)
    normal = relief.normals()
    facing = normal @ sun.astype(np.float32)
    leafy = np.isin(relief.kind, (FIR, BROADLEAF))
    direct = np.where(leafy, np.clip(0.3 + 0.7 * facing, 0, 1) ** 1.3, np.clip(facing, 0, 1))
    direct *= relief.sunlight(sun)
    ambient = relief.openness() * (0.6 + 0.4 * normal[..., 1])
    foot = np.where(leafy, 0.35 + 0.65 * relief.rise, 1)
    result = direct[..., None] * light.sun_colour + (ambient * foot)[..., None] * light.sky_colour
    return (albedo * result).astype(np.float32)


def haze(relief: Relief, lit: np.ndarray, light: Light) -> np.ndarray:
    """Air between the eye and each cell; it does not depend on the camera, so colours keep while it moves."""
    away = np.hypot(relief.x, relief.z)
    share = 1 - np.exp(-away / light.haze_depth)
    return mix(lit, light.haze_colour, share)


def mirror(relief: Relief, lit: np.ndarray, sky: Sky, light: Light, ripple: np.ndarray) -> np.ndarray:
    """What the water cells reflect to an eye at the origin, (rows, columns, 3), 0 on land.

    A true mirror picture would move unlike the water, and there would be no one true flow: this one is
    painted on the water instead, which cannot be told while the camera moves little.
    """
    rows, columns = np.nonzero(relief.kind == WATER)
    x, z, wave = relief.x[rows, columns], relief.z[rows, columns], ripple[rows, columns]
    slope = light.eye_height / z * (1 + wave)
    direction = x / z + 0.3 * wave * slope
    result = sky.sample(direction, slope)
    summit = relief.height.max()
    going = np.arange(len(x))
    for ahead in 0.004 * 1.035 ** np.arange(190):
        step = z[going] * ahead
        there_x, there_z = x[going] + direction[going] * step, z[going] + step
        climb = slope[going] * step
        hit = relief.sample(relief.height, there_x, there_z) > climb
        result[going[hit]] = relief.sample(lit, there_x[hit], there_z[hit])
        going = going[~hit & (climb < summit)]
    picture = np.zeros_like(lit)
    picture[rows, columns] = result
    return picture


@dataclass(frozen=True)
class Body:
    """A rigid thing: `cast(origin (3,), directions (N, 3))` in its own axes returns (distance, light (N, 3)).

    distance: along each direction, inf where it is missed. pose(frame): (rotation (3, 3), position (3,)).
    reach: radius of a ball around its origin that holds it all.
    """

    cast: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
    pose: Callable[[int], tuple[np.ndarray, np.ndarray]]
    reach: float


@dataclass(frozen=True)
class World:
    relief: Relief
    light: np.ndarray
    sky: Sky
    camera: Callable[[int], Camera]
    frames: int
    exposure: float = 1.0
    bodies: tuple[Body, ...] = ()
    windows: np.ndarray | None = None  # light from the windows of houses; dark panes where None
    grain: Noise = field(default_factory=lambda: Noise(99))


@dataclass(frozen=True)
class Hits:
    """What the rays of a frame meet: kind (H, W) is SKY, LAND or BODY + its number.

    points: (H, W, 3), in world axes for land, in its own axes for a body, a direction for the sky.
    depth: (H, W). light: (H, W, 3), linear.
    """

    kind: np.ndarray
    points: np.ndarray
    depth: np.ndarray
    light: np.ndarray


def trace(world: World, frame: int, over: int) -> Hits:
    camera = world.camera(frame)
    directions, slopes = camera.rays(over)
    depth = world.relief.cast(camera, over)
    rays = np.empty((*depth.shape, 3))
    rays[..., 0], rays[..., 2], rays[..., 1] = directions[:, 0], directions[:, 1], slopes[:, None]
    kind = np.where(np.isfinite(depth), LAND, SKY)
    points = np.where((kind == LAND)[..., None], np.where(kind == LAND, depth, 0)[..., None] * rays
                      + np.array(camera.position), rays)  # fmt: skip
    light = world.sky.sample(rays[..., 0] / rays[..., 2], rays[..., 1] / rays[..., 2])
    land = kind == LAND
    light[land] = _ground_light(world, points[land])
    hits = Hits(kind, points, depth, light)
    for number, body in enumerate(world.bodies):
        _trace_body(body, BODY + number, camera, frame, rays, hits)
    return hits


def _ground_light(world: World, points: np.ndarray) -> np.ndarray:
    """Light of ground points (N, 3); steep flanks get detail along their height, which the map has not."""
    x, y, z = (points[None, :, axis] for axis in range(3))
    relief = world.relief
    light = relief.sample(world.light, x, z)
    column, row = relief.cell(x, z)
    kind = lookup(relief.kind, column, row, nearest=True)
    size = 0.16 + 0.004 * z  # metres; leaves further off are clumps
    level = np.exp2(np.round(np.log2(size)))
    detail = world.grain((0.8 * x + 0.6 * z) / level, 0.7 * y / level)
    detail += world.grain((0.6 * x - 0.8 * z) / level / 2.3 + 5, 0.6 * y / level / 2.3)
    detail *= np.isin(kind, (FIR, BROADLEAF)) * np.clip(90 / z, 0, 1) * 0.25
    light *= np.clip(1 + detail, 0.25, 2)[..., None]
    pane, glow = _panes(world, x, y, z, kind)
    return np.where(pane[..., None], glow, light)[0]


def _panes(
    world: World, x: np.ndarray, y: np.ndarray, z: np.ndarray, kind: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Where walls have window panes, and their light."""
    column, row = world.relief.cell(x, z)
    storey = (y - lookup(world.relief.foot, column, row, nearest=True)) / 2.9
    along = (0.8 * x + 0.6 * z) / 2.6
    pane = (kind == WALL) & (np.abs(along % 1 - 0.5) < 0.2) & (np.abs(storey % 1 - 0.55) < 0.24)
    if world.windows is None:
        return pane, np.array((0.03, 0.035, 0.05), np.float32)
    lamp = np.sin(np.floor(along) * 12.9898 + np.floor(storey) * 78.233) * 43758.5453 % 1
    return pane & (lamp > 0.35), world.windows * (0.5 + lamp[..., None])


def _trace_body(body: Body, label: int, camera: Camera, frame: int, rays: np.ndarray, hits: Hits) -> None:
    rotation, position = body.pose(frame)
    towards = position - np.array(camera.position)
    length = np.linalg.norm(rays, axis=-1)
    along = rays @ towards / length
    near = np.linalg.norm(towards) ** 2 - along**2 < body.reach**2
    near &= along > 0
    if not near.any():
        return
    origin = -rotation.T @ towards
    own = rays[near] @ rotation
    distance, light = body.cast(origin, own)
    scale = np.where(np.isfinite(distance), distance, 0)
    nearer = np.zeros_like(near)
    nearer[near] = distance < hits.depth[near]
    chosen = nearer[near]
    hits.kind[nearer] = label
    hits.depth[nearer] = distance[chosen]
    hits.points[nearer] = (origin + scale[:, None] * own)[chosen]
    hits.light[nearer] = light[chosen]


def picture(world: World, frame: int, over: int = OVERSAMPLING) -> np.ndarray:
    """float32 (H, W, 3), sRGB in [0, 1]."""
    light = trace(world, frame, over).light
    return srgb(_average(tone(light * world.exposure), over))


def tone(light: np.ndarray) -> np.ndarray:
    """A film-like curve from scene light to [0, 1): soft shoulder, gentle toe."""
    light = np.maximum(light, 0)
    return light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)


def _average(light: np.ndarray, over: int) -> np.ndarray:
    """Rays to pixels, a little softer than a box, as a lens is: less aliasing, and smaller files."""
    light = blur(light, 0.38 * over)
    height, width = light.shape[0] // over, light.shape[1] // over
    return light.reshape(height, over, width, over, 3).mean((1, 3)).astype(np.float32)
