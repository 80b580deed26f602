"""A hot-air balloon: an envelope of sewn gores, a basket and the ropes between."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from samples.nature import ramp
from samples.noise import Noise, linear, mix, smoothstep
from samples.world import Light

RADIUS = 9.0
MOUTH, NECK = -1.45 * RADIUS, -0.6 * RADIUS  # heights where the envelope ends, and where it becomes a cone
BASKET = (-2.0 * RADIUS, -1.75 * RADIUS, 0.15 * RADIUS)  # bottom, top, radius
GORES = 16


def balloon(light: Light) -> Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The `cast` of a Body, in axes whose origin is the centre of the envelope.

    The light is sewn onto it: as it turns only a little, this cannot be told, and colours keep exactly.
    """
    noise = Noise(61)
    sun = light.sun / np.linalg.norm(light.sun)

    def cast(origin: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        length = np.linalg.norm(directions, axis=1)
        rays = directions / length[:, None]
        distance = _march(origin, rays)
        hit = np.isfinite(distance)
        colours = np.zeros((len(rays), 3), np.float32)
        points = origin + distance[hit, None] * rays[hit]
        colours[hit] = _paint(points, noise) * _shade(points, sun, light)
        return distance / length, colours

    return cast


def _march(origin: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Distance along unit rays (N, 3) to the balloon, inf where they miss it; sphere tracing."""
    closest = -rays @ origin
    distance = np.maximum(closest - 2.1 * RADIUS, 0)
    result = np.full(len(rays), np.inf)
    going = np.arange(len(rays))
    for _ in range(110):
        gap = _gap(origin + distance[going, None] * rays[going])
        done = gap < 1e-3
        result[going[done]] = distance[going[done]]
        distance[going] += gap
        going = going[~done & (distance[going] < closest[going] + 2.1 * RADIUS)]
    return result


def _gap(points: np.ndarray) -> np.ndarray:
    """A lower bound of the distance from points (N, 3) to the surface."""
    x, y, z = points.T
    around = np.hypot(x, z)
    cone = (around - (0.8 * RADIUS + 0.75 * (y - NECK))) * 0.8
    envelope = np.where(y > NECK, np.linalg.norm(points, axis=1) - RADIUS, cone)
    envelope = np.maximum(envelope, MOUTH - y)
    bottom, top, radius = BASKET
    basket = np.maximum(around - radius, np.maximum(bottom - y, y - top))
    ropes = np.full_like(y, np.inf)
    for turn in np.arange(6) * np.pi / 3 + 0.3:
        rope = np.hypot(x - radius * np.cos(turn), z - radius * np.sin(turn)) - 0.07
        ropes = np.minimum(ropes, np.maximum(rope, np.maximum(top - 0.2 - y, y - MOUTH - 0.3)))
    return np.minimum(np.minimum(envelope, basket), ropes)


def _paint(points: np.ndarray, noise: Noise) -> np.ndarray:
    """Colours (N, 3) of the cloth: stripes of gores, a zigzag band, a seam between gores; wicker below."""
    x, y, z = points.T
    turn = np.arctan2(z, x) / (2 * np.pi) * GORES
    gore, within = np.floor(turn), np.abs(turn % 1 - 0.5) * 2
    level = y / RADIUS
    cloth = ramp(("#c8322a", "#f2c14a", "#e8672c", "#f7e6c4"), (gore % 4) / 3)
    zigzag = level - 0.16 * within
    for low, high, code in ((-0.16, 0.22, "#1f3f7a"), (-0.08, 0.14, "#f3ead6"), (-0.01, 0.07, "#2f8a8a")):
        cloth = mix(
            cloth, linear(code), smoothstep(low - 0.01, low, zigzag) * smoothstep(high, high - 0.01, zigzag)
        )
    crown = smoothstep(0.80, 0.82, level)
    cloth = mix(cloth, ramp(("#1f3f7a", "#f2c14a"), gore % 2), crown)
    cloth = mix(cloth, linear("#7a2a2f"), smoothstep(-1.25, -1.28, level))
    weave = noise.fbm(turn * 2.2, y * 1.1, 4, 0.6)
    panels = smoothstep(0.93, 1.0, np.abs((y * 0.9) % 1 - 0.5) * 2)
    cloth = cloth * (1 + 0.07 * weave - 0.35 * smoothstep(0.86, 1.0, within) - 0.16 * panels)[:, None]
    wicker = linear("#8a5c30") * (1 + 0.4 * np.sin(y * 16) * np.sin(turn * 14))[:, None]
    return np.where((y < MOUTH)[:, None], wicker, cloth).astype(np.float32)


def _shade(points: np.ndarray, sun: np.ndarray, light: Light) -> np.ndarray:
    step = 0.01
    normal = np.stack([_gap(points + step * axis) - _gap(points - step * axis) for axis in np.eye(3)], -1)
    x, y, z = points.T
    turn = np.arctan2(z, x) / (2 * np.pi) * GORES
    bulge = (np.abs(turn % 1 - 0.5) * 2) ** 3 * np.sign(turn % 1 - 0.5)  # each gore swells between its seams
    normal += (y > MOUTH)[:, None] * 0.006 * bulge[:, None] * np.stack([-z, 0 * y, x], -1) / RADIUS
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    facing = normal @ sun
    through = 0.16 * smoothstep(-1, 0.3, facing) * (y > MOUTH)  # sunlight that comes through the cloth
    direct = np.clip(facing, 0, 1) + through
    ambient = 0.65 + 0.35 * normal[:, 1]
    return direct[:, None] * light.sun_colour + ambient[:, None] * light.sky_colour
