"""What a run will do, decided and checked before anything is painted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vidstyle.attributes.given import Given
from vidstyle.features.vgg import VGG
from vidstyle.features.weights import Weights
from vidstyle.flow.motion import Motion
from vidstyle.flow.pair import FlowSource
from vidstyle.image.convert import to_float, to_uint16
from vidstyle.image.masks import feathered, laid_over
from vidstyle.image.resize import resize
from vidstyle.job import default_job_directory, file_entry
from vidstyle.methods import METHODS, method_name
from vidstyle.methods.base import Materials, Method
from vidstyle.optimize import Observer
from vidstyle.options import (
    DfiOptions,
    EncodeOptions,
    MaskOptions,
    PaintOptions,
    RunOptions,
    TextureOptions,
    at_home,
    by_role,
)
from vidstyle.pipeline.flow import flow_entry
from vidstyle.pipeline.frames import frame_total, resized
from vidstyle.pipeline.inputs import picture_on_paper
from vidstyle.pipeline.maps import Maps
from vidstyle.pipeline.sets import entry
from vidstyle.types import Frame, Notice
from vidstyle.video.clip import Clip
from vidstyle.video.writer import Writer, open_writer

_UNKNOWN = 1000  # frames, where the source does not say
# A change to what is computed counts this up: frames of two versions must not meet in one result.
_PAINTER_VERSION = 7


@dataclass(frozen=True)
class Plan:
    """Everything a run needs: the opened source, checked settings, the device, the size of the result."""

    clip: Clip
    styles: tuple[Path, ...]
    output: Path
    options: PaintOptions
    run: RunOptions
    encode: EncodeOptions
    start: int
    stop: int | None
    width: int
    height: int
    device: torch.device
    dtype: torch.dtype
    weights: Weights
    flow: FlowSource
    given: Given | None = None
    maps: Maps | None = None

    @property
    def directory(self) -> Path:
        """The job directory."""
        return Path(self.run.job) if self.run.job else default_job_directory(self.output)

    @property
    def total(self) -> int | None:
        """How many frames there are to paint; an estimate for most videos."""
        return frame_total(self.clip, self.start, self.stop)

    @property
    def history(self) -> list[int]:
        """How many frames back a frame keeps to, nearest first."""
        # The distances of Ruder et al. (2016). Files of flow mostly lead to the next frame alone.
        default = (1,) if self.run.flow_dir else (1, 10, 20, 40)
        return sorted(set(self.run.history or default))

    def backs(self, index: int) -> list[int]:
        """How many frames back lie those that frame `index` keeps to, nearest first."""
        return self.flow.backs(index) if isinstance(self.flow, Motion) else self.history

    @property
    def reach(self) -> int:
        """The most that `backs` gives."""
        return self.flow.count if isinstance(self.flow, Motion) else self.history[-1]

    @property
    def wraps(self) -> bool:
        """Whether opposite borders of what is painted meet."""
        return isinstance(self.options, TextureOptions) and self.options.tile

    @property
    def work(self) -> int | None:
        """How often a frame is painted, in all passes; None or an estimate, as `total`."""
        return None if self.total is None else self.total * self.passes

    @property
    def passes(self) -> int:
        """How often the clip is gone through."""
        return max(self.run.passes, 2 if self.run.loop else 1)

    @cached_property
    def fingerprint(self) -> dict[str, Any]:
        """What makes this job this job: all that the painted frames depend on."""
        options = by_role(self.options, "decides")
        if self._init_path is not None:
            options["init"] = file_entry(self._init_path)
        return {
            "source": {"name": self.clip.path.name, "digest": self.clip.digest()},
            "styles": [file_entry(style) for style in self.styles],
            "method": method_name(self.options),
            "options": options,
            "size": f"{self.width}x{self.height}",
            "frames": [self.start, self.stop],
            "seed": self.run.seed,
            "weights": {"name": self.weights.source.path.name, "digest": self.weights.digest},
            "precision": str(self.dtype).removeprefix("torch."),
            **flow_entry(self.flow, self.wants_flow, self.history[0]),
            "history": self.history,
            "passes": self.passes,
            "loop": self.run.loop,
            "cuts": self.run.cuts,
            "cut": sorted(self.run.cut),
            "painter": _PAINTER_VERSION,
            **(self.maps.entry(self.options) if self.maps else {}),
            **(
                entry(self.given, self.options) if isinstance(self.options, DfiOptions) and self.given else {}
            ),
        }

    @property
    def settings(self) -> dict[str, Any]:
        """All that is needed to run the same command again."""
        source = self.weights.source
        chosen = str(source.path.absolute()) if source.kind == "file" else source.kind
        return {
            "home": str(self.directory.absolute()),
            "input": str(self.clip.path.absolute()),
            "styles": [str(style.absolute()) for style in self.styles],
            "output": str(self.output.absolute()),
            "method": method_name(self.options),
            "options": asdict(at_home(self.options)),
            "run": {**asdict(self.run), **self._flow_paths},
            "encode": asdict(self.encode),
            "features": chosen,
            "total": self.total,
            "passes": self.passes,
        }

    @property
    def _flow_paths(self) -> dict[str, str]:
        """Files of flow as they are found from any directory."""
        given = {"flow_dir": self.run.flow_dir, "flow_weights": self.run.flow_weights}
        return {name: str(Path(path).absolute()) for name, path in given.items() if path}

    @property
    def made_with(self) -> dict[str, Any]:
        """What the result depends on beside the painted frames."""
        laid = self.maps.laid_with(self.options) if self.maps else {}
        return {**asdict(self.encode), **by_role(at_home(self.options), "written"), **laid}

    def bytes_needed(self, painted: int) -> int:
        """A generous guess of the disk that the frames still to be painted will take (16-bit PNG)."""
        # A pass that is done is given up once the one after it is; so two at most are kept.
        frames = (self.total or 1) * min(2, self.passes)
        return max(0, frames - painted) * self.width * self.height * 6

    @property
    def _init_path(self) -> Path | None:
        return None if self.options.picture is None else Path(self.options.picture)

    def prepare(self, notice: Notice, observer: Observer | None = None) -> Method:
        """The painter, with its network and its style pictures on the device."""
        materials = Materials(
            network=lambda pooling: VGG(self.weights.tensors, pooling).to(self.device, self.dtype),
            weights=self.weights.source.kind,
            digest=self.weights.digest,
            exemplars=[self.move(picture_on_paper(style)) for style in self.styles],
            init=None if self._init_path is None else self.move(picture_on_paper(self._init_path)),
            notice=notice,
            given=self.given,
            observer=observer,
            regions=[self.move(regions) for regions in self.maps.regions] if self.maps else [],
        )
        return METHODS[method_name(self.options)].prepare(materials, self.options)

    @property
    def wants_flow(self) -> range:
        """The frames that are painted with flow from an earlier one, if there is no cut between."""
        if self.options.independent and self.passes == 1:
            return range(0)
        return range(
            self.start + self.history[0], self.start + (_UNKNOWN if self.total is None else self.total)
        )

    def move(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device)

    def tensor(self, array: np.ndarray) -> Tensor:
        return self.move(torch.from_numpy(array))

    def on_device(self, frame: Frame) -> Tensor:
        """The frame as methods see it: float32 (3, H, W) in [0, 1]."""
        return self.move(to_float(frame.pixels))

    def scaled(self, frame: Frame) -> Frame:
        """The frame at the size of the result, at no less than its own depth."""
        return resized(frame, (self.height, self.width))

    def result_frame(self, source: Frame, pixels: np.ndarray, mask: Tensor | None = None) -> Frame:
        """The painted `pixels`, uint16 (3, H, W), with the time and the transparency of `source`.

        mask: float32 (1, H, W) in [0, 1], where they are laid over it; None is everywhere.
        """
        if mask is not None and isinstance(self.options, MaskOptions):
            soft = feathered(mask, self.options.mask_feather)
            pixels = laid_over(self.scaled(source).pixels, pixels, soft)
        alpha = source.alpha
        if alpha is not None:
            alpha = to_uint16(resize(to_float(alpha), (self.height, self.width)))
        return replace(source, pixels=pixels, alpha=alpha)

    def open_writer(self, notice: Notice) -> Writer:
        # Frames are kept with 16 bits; a picture gets them on request only, or where it keeps what has them.
        kept = 16 if self.maps and self.maps.mask and self.clip.bit_depth > 8 else 8
        depth = self.encode.bit_depth or (None if _is_video(self.output) else kept)
        return open_writer(
            self.output,
            self.clip,
            width=self.width,
            height=self.height,
            codec=codec_of(self.output, self.encode),
            crf=self.encode.crf,
            bit_depth=depth,
            start=self.start,
            stop=self.stop,
            overwrite=True,  # make_plan has checked that what is there is ours to replace
            notice=notice,
        )


def _is_video(output: Path) -> bool:
    from vidstyle.video.formats import output_kind

    return output_kind(output) == "video"


def codec_of(output: Path, encode: EncodeOptions) -> str:
    """The video codec that is asked for, or that suits the file."""
    if encode.codec != "auto":
        return encode.codec
    return "vp9" if output.suffix.lower() == ".webm" else "h264"
