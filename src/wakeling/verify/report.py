"""What verification found, as plain data that round-trips through JSON.

The comparison itself is in `verify.compare`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from wakeling.errors import RunError
from wakeling.verify.jobs import ArenaUse

FORMAT = "wakeling.verification/1"

Status = Literal["agree", "differ", "not measured"]
Unit = Literal["steps", "last places"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDifference:
    """The first tensor, in execution order, that a runtime computes otherwise, on one image."""

    tensor: str
    operator: str
    image: int
    differing_values: int
    values: int
    largest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One runtime beside the golden interpreter.

    The counts compare with golden itself. Where `named_differences` is not empty the runtime is
    known to compute something else there, golden was made to do the same, and then every value
    was equal: that counts as agreement. `first_difference` is what remains unexplained. Differences
    are in `unit`: steps of an integer output, or the last places of a float32 one.
    """

    name: str
    version: str | None
    status: Status
    images: int = 0
    differing_images: int = 0
    largest_difference: int = 0
    tensors: int = 0
    tensor_images: int = 0
    named_differences: tuple[str, ...] = ()
    first_difference: TensorDifference | None = None
    reason: str | None = None
    unit: Unit = "steps"

    @property
    def detail(self) -> str:
        """One line for people."""
        if self.status == "not measured":
            return self.reason or "no reason known"
        compared = f"{self.images} images, {self.tensors} tensors on {self.tensor_images} of them"
        if self.status == "differ":
            return f"{compared}; {self._difference()}"
        if not self.named_differences:
            return f"bit for bit on {compared}"
        return f"{compared}; {self._outputs()}, all explained: {'; '.join(self.named_differences)}"

    def _outputs(self) -> str:
        unit = " last places" if self.unit == "last places" else ""
        return f"{self.differing_images} outputs differ, by at most {self.largest_difference}{unit}"

    def _difference(self) -> str:
        first = self.first_difference
        outputs = self._outputs()
        if first is None:
            return outputs
        return (
            f"{outputs}; first in tensor {first.tensor!r} ({first.operator}) on image {first.image}: "
            f"{first.differing_values} of {first.values} values, by at most {first.largest}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationReport:
    """Whether every runtime computes the numbers of the golden interpreter, and TFLM's arena."""

    model: str
    content_hash: str
    file_bytes: int
    file_sha256: str
    images: int
    witnesses: tuple[Witness, ...]
    arena: ArenaUse | None = None

    @property
    def agrees(self) -> bool:
        """At least one runtime was measured, and none that was differs."""
        measured = [witness for witness in self.witnesses if witness.status != "not measured"]
        return bool(measured) and all(witness.status == "agree" for witness in measured)

    @property
    def golden_equals_tflm(self) -> bool | None:
        """Bit for bit with TensorFlow Lite Micro; None where it was not measured."""
        return self._agrees_with("tflm")

    @property
    def golden_equals_litert(self) -> bool | None:
        """With LiteRT's reference kernels, but for named differences; None where not measured."""
        return self._agrees_with("litert")

    @property
    def arena_bytes(self) -> int | None:
        """TFLM's tensor arena in total, measured on a 64-bit computer."""
        return None if self.arena is None else self.arena.total_bytes

    @property
    def differences(self) -> tuple[str, ...]:
        """Every named or found difference, one line each."""
        lines = []
        for witness in self.witnesses:
            lines += list(witness.named_differences)
            if witness.status == "differ":
                lines.append(f"{witness.name}: {witness.detail}")
        return tuple(lines)

    @property
    def summary(self) -> str:
        """One sentence: who agrees, who differs, who was not measured."""
        parts = []
        wording: Mapping[Status, str] = {
            "agree": "golden agrees with",
            "differ": "golden differs from",
            "not measured": "not measured:",
        }
        for status, words in wording.items():
            names = [witness.name for witness in self.witnesses if witness.status == status]
            if names:
                parts.append(f"{words} {' and '.join(names)}")
        return f"{', '.join(parts)} ({self.images} images)"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; `from_json` reads them, the derived entries are for people."""
        return {
            "format": FORMAT,
            **asdict(self),
            "agrees": self.agrees,
            "golden_equals_tflm": self.golden_equals_tflm,
            "golden_equals_litert": self.golden_equals_litert,
            "summary": self.summary,
        }

    def _agrees_with(self, runtime: str) -> bool | None:
        for witness in self.witnesses:
            if witness.name == NAMES[runtime] and witness.status != "not measured":
                return witness.status == "agree"
        return None


NAMES: Mapping[str, str] = {"tflm": "TensorFlow Lite Micro", "litert": "LiteRT (reference kernels)"}
"""What the witnesses are called in reports."""

_DERIVED = ("format", "agrees", "golden_equals_tflm", "golden_equals_litert", "summary")


def from_json(value: Mapping[str, Any]) -> VerificationReport:
    """The inverse of `VerificationReport.to_json`; raises RunError for anything else."""
    if value.get("format") != FORMAT:
        raise RunError(f"verification format is {value.get('format')!r}; this version reads {FORMAT!r}")
    fields = {key: entry for key, entry in value.items() if key not in _DERIVED}
    try:
        fields["witnesses"] = tuple(_witness(entry) for entry in fields["witnesses"])
        fields["arena"] = None if fields["arena"] is None else ArenaUse(**fields["arena"])
        return VerificationReport(**fields)
    except (KeyError, TypeError) as problem:
        raise RunError(f"the verification file is malformed: {problem}") from None


def _witness(value: Mapping[str, Any]) -> Witness:
    first = value["first_difference"]
    return Witness(
        **{
            **value,
            "named_differences": tuple(value["named_differences"]),
            "first_difference": None if first is None else TensorDifference(**first),
        }
    )
