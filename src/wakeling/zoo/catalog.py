"""Every network of the zoo: how it is built and what was published about it.

The facts lie beside this file as CSV, with their sources. Nothing is counted here; `report.zoo` sets
our own counts beside the published ones.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Literal, Protocol, cast

from wakeling.errors import SpecError, unknown_name
from wakeling.graph import Graph
from wakeling.zoo.alexnet import alexnet
from wakeling.zoo.densenet import densenet_121
from wakeling.zoo.efficientnet import efficientnet_b0
from wakeling.zoo.googlenet import googlenet
from wakeling.zoo.inception_resnet_v2 import inception_resnet_v2
from wakeling.zoo.inception_v3 import auxiliary_head, inception_v3
from wakeling.zoo.mnasnet import mnasnet_1_0
from wakeling.zoo.mobilenet_v1 import mlperf_tiny_person, mobilenet_v1
from wakeling.zoo.mobilenet_v2 import mobilenet_v2
from wakeling.zoo.mobilenet_v3 import mobilenet_v3_large, mobilenet_v3_small
from wakeling.zoo.resnet import resnet
from wakeling.zoo.shufflenet_v2 import shufflenet_v2_x1_0
from wakeling.zoo.squeezenet import squeezenet
from wakeling.zoo.vgg import vgg

Counting = Literal["learned", "all", "all without gamma"]
"""What a published number of parameters counts.

`learned`: weights, biases, and a batch norm's gamma and beta (torchvision). `all`: the batch norms'
running means and variances too (Keras). `all without gamma`: Keras, where batch norms have no gamma.
"""


class BuildsGraph(Protocol):
    """A network's function; `deployed` writes batch norms and activations into the convolutions."""

    def __call__(self, *, deployed: bool = False) -> Graph:
        """The graph, as trained or as deployed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was published: top-1 accuracy on ImageNet, parameters, and GMACs as they are printed."""

    year: int
    top1_percent: float | None
    parameters: int
    gmacs: str | None
    counting: Counting
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ZooEntry:
    """One network of the zoo.

    `training_only` builds what the published parameters include but no deployed network has.
    """

    name: str
    title: str
    build: BuildsGraph
    published: Facts
    training_only: Callable[[], Graph] | None = None


_BUILDERS: Mapping[str, BuildsGraph] = MappingProxyType(
    {
        "alexnet": alexnet,
        **{f"vgg-{layers}": functools.partial(vgg, layers) for layers in (11, 13, 16, 19)},
        "googlenet": googlenet,
        "inception-v3": inception_v3,
        **{f"resnet-{layers}": functools.partial(resnet, layers) for layers in (18, 34, 50, 101, 152)},
        **{f"squeezenet-{version}": functools.partial(squeezenet, version) for version in ("1.0", "1.1")},
        "densenet-121": densenet_121,
        "inception-resnet-v2": inception_resnet_v2,
        "mobilenet-v1-1.0-224": mobilenet_v1,
        "mobilenet-v2-1.0-224": mobilenet_v2,
        "mnasnet-1.0": mnasnet_1_0,
        "shufflenet-v2-x1.0": shufflenet_v2_x1_0,
        "mobilenet-v3-large": mobilenet_v3_large,
        "mobilenet-v3-small": mobilenet_v3_small,
        "efficientnet-b0": efficientnet_b0,
        "mlperf-tiny-person": mlperf_tiny_person,
    }
)
_TRAINING_ONLY: Mapping[str, Callable[[], Graph]] = MappingProxyType({"inception-v3": auxiliary_head})


def _entry(row: Mapping[str, str]) -> ZooEntry:
    name = row["name"]
    return ZooEntry(
        name=name,
        title=row["title"],
        build=_BUILDERS[name],
        published=Facts(
            year=int(row["year"]),
            top1_percent=float(row["top1_percent"]) if row["top1_percent"] else None,
            parameters=int(row["parameters"]),
            gmacs=row["gmacs"] or None,
            counting=cast(Counting, row["counting"]),
            source=row["source"],
        ),
        training_only=_TRAINING_ONLY.get(name),
    )


def _read() -> dict[str, ZooEntry]:
    text = (resources.files("wakeling.zoo") / "published.csv").read_text(encoding="utf-8")
    entries = [_entry(row) for row in csv.DictReader(text.splitlines())]
    return {entry.name: entry for entry in entries}


NETWORKS: Mapping[str, ZooEntry] = MappingProxyType(_read())
"""Every network by its name, in order of their years."""


def zoo_name(text: str) -> str:
    """The network that `text` means: `ResNet-50`, `resnet_50` and `resnet50` are `resnet-50`.

    Raises SpecError for an unknown one, the nearest known ones first.
    """
    spelled = {_letters(name): name for name in NETWORKS}
    name = spelled.get(_letters(text))
    if name is None:
        raise SpecError(unknown_name("network of the zoo", text, NETWORKS))
    return name


def _letters(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum() or letter == ".")


def build(name: str, *, deployed: bool = False) -> Graph:
    """The graph of a network by its name; raises SpecError for an unknown one.

    With `deployed`, batch norms and activations are folded and fused already, as `fuse.fuse` does it.
    """
    return NETWORKS[zoo_name(name)].build(deployed=deployed)
