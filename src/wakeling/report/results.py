"""What the trained model does, as the report shows it: accuracy, agreement, the way to the board.

Shares and probabilities are 0..1, sizes are bytes; None means "not measured".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from wakeling.errors import RunError
from wakeling.report.networks import Stage

Provenance = Literal["measured", "computed", "modelled", "published", "not measured"]
Split = Literal["train", "val", "test"]
Agreement = Literal["agree", "differ", "not measured"]

_DATA_URI = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]+={0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A measured share with its 95 % interval, all 0..1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts at the threshold; "positive" is the wake word."""

    true_negative: int
    false_positive: int
    false_negative: int
    true_positive: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RocPoint:
    """False alarms and hits at one threshold, as shares."""

    false_positive_rate: float
    true_positive_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """One model on one split; `counts` are images by label, `confusion` at `threshold`."""

    model: Stage
    split: Split
    counts: Mapping[str, int]
    threshold: float
    accuracy: Estimate
    balanced_accuracy: Estimate
    auc: Estimate
    confusion: Confusion
    roc: tuple[RocPoint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The operating threshold on the wake word's probability, and how it was chosen."""

    value: float
    split: Split
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """An image that the int8 model got most wrong; `probability` is the wake word's.

    `thumbnail` is a PNG or JPEG data URI (see `thumbnail_data_uri`); anything else is refused,
    so that the page can never load something from elsewhere.
    """

    thumbnail: str
    path: str
    label: str
    probability: float

    def __post_init__(self) -> None:
        if not _DATA_URI.fullmatch(self.thumbnail):
            raise RunError(
                f"the thumbnail of {self.path!r} is no PNG or JPEG data URI; make it by thumbnail_data_uri"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One runtime that was compared with the golden int8 reference."""

    name: str
    status: Agreement
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether the runtimes compute the same numbers, on how many images."""

    images: int
    witnesses: tuple[Witness, ...]
    arena_bytes: int | None = None
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """A titled piece of code or of shell commands."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """What the firmware needs to know; `firmware.steps` turns it into code for TFLM.

    `operators` are TFLite's names ("CONV_2D"), `arena_bytes` the tensor arena to reserve with
    the place it comes from, `header`/`symbol` the C array's header file and name, and `extra`
    more blocks to show behind them.
    """

    operators: tuple[str, ...]
    arena_bytes: int
    arena_provenance: Provenance
    header: str
    symbol: str
    input_shape: tuple[int, ...]
    labels: tuple[str, ...]
    threshold: float
    extra: tuple[TextBlock, ...] = ()
