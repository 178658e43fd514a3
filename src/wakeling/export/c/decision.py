"""From a model's outputs to events, in integers: the rule, its operating point, and the Python twin.

The twin, `Decider`, is the definition; `runtime/wk_decision.c` does the same. Where a threshold comes
from (a run's evaluation, the command line) is the caller's matter.
"""

from __future__ import annotations

import math
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from wakeling.errors import TargetError
from wakeling.graph import Graph
from wakeling.ops import Activation, Dequantize, Quantize, Reshape, Softmax
from wakeling.quantize.model import QuantizedModel

MOST_FRAMES = 32
"""The longest mean, as in `wk_decision.h`."""

MOST_SHIFT = 8
NOTHING, APPEARED, DISAPPEARED = 0, 1, 2

_LEVEL_BITS = 16
_LEVEL_OFFSET = 256
HYSTERESIS = 0.1
"""How far below the threshold the probability must fall before the wake word is gone, where nobody says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoothing:
    """The mean of the last `frames` scores, or (`frames` 0) a step of 1 / 2^`shift` towards each score."""

    frames: int = 1
    shift: int = 0

    def __post_init__(self) -> None:
        """Raises TargetError for what the C code does not do."""
        if not (0 <= self.frames <= MOST_FRAMES and 0 <= self.shift <= MOST_SHIFT):
            raise TargetError(
                f"smoothing over {self.frames} frames or by 1/{2**self.shift} is not possible; "
                f"known: 1 to {MOST_FRAMES} frames, exp2 to exp{2**MOST_SHIFT}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A rule for the scores of frames; `on` and `off` are scores.

    The score is output number `output`, or with `lead` that output less the largest other one. The
    wake word appears when the smoothed score is at least `on` for `frames_on` frames in a row, and
    disappears when it is below `off` for `frames_off`.
    """

    output: int
    lead: bool
    on: int
    off: int
    smoothing: Smoothing
    frames_on: int
    frames_off: int

    def score(self, outputs: Sequence[int]) -> int:
        """The score of one frame's integer outputs."""
        value = outputs[self.output]
        if not self.lead:
            return int(value)
        return int(value) - max(int(other) for i, other in enumerate(outputs) if i != self.output)


def parse_smoothing(text: str) -> Smoothing:
    """`5`: the mean of five frames; `exp8`: exponential, an eighth of the way with each frame."""
    match = re.fullmatch(r"(exp)?(\d{1,4})", text, re.ASCII)
    number = int(match[2]) if match else 0
    if match and match[1] and number >= 2 and number & (number - 1) == 0:
        return Smoothing(frames=0, shift=number.bit_length() - 1)
    if not match or match[1] or number < 1:
        raise TargetError(
            f"the smoothing {text!r} is not understood; write a number of frames (1 to {MOST_FRAMES}) or "
            f"exp2, exp4, … exp{2**MOST_SHIFT}"
        )
    return Smoothing(frames=number)


def is_probability(graph: Graph) -> bool:
    """Whether the outputs come out of a softmax or a sigmoid."""
    name = graph.output
    while name in graph.by_name:
        op = graph.by_name[name].op
        if not isinstance(op, Reshape | Quantize | Dequantize):
            return isinstance(op, Softmax) or (isinstance(op, Activation) and op.kind == "sigmoid")
        name = graph.by_name[name].inputs[0]
    return False


def decision_of(
    model: QuantizedModel,
    *,
    threshold: float = 0.5,
    release: float | None = None,
    smoothing: Smoothing | None = None,
    frames: int = 1,
    output: int | None = None,
) -> Decision:
    """The rule for a model at a threshold, a probability from 0 to 1; `output` is the last unless given.

    It appears at a probability of at least `threshold`, and disappears below `release` (by default
    0.1 less). Where the outputs are no probabilities, the threshold becomes the lead over the best
    other output that stands for it in a softmax of two, ln(p / (1 − p)); one output alone is taken
    as the logit of a sigmoid. Raises TargetError, one line.
    """
    graph, outputs = model.graph, len(model.labels)
    number = outputs - 1 if output is None else output
    if not 0 <= number < outputs:
        raise TargetError(f"the model has {outputs} outputs, numbered from 0; there is no output {number}")
    element, quant = graph.types[graph.output], model.tensors.get(graph.output)
    if quant is None or element not in ("int8", "uint8"):
        raise TargetError(
            f"the model's output is {element}; a decision in integers needs int8 or uint8 outputs"
        )
    below = max(threshold - HYSTERESIS, 0.0) if release is None else release
    if not 0 <= below <= threshold <= 1:
        raise TargetError(
            f"the threshold {threshold:g} and the release {below:g} must be probabilities from 0 to 1, the "
            "release at most the threshold"
        )
    if frames < 1:
        raise TargetError(f"a change must last at least 1 frame; given {frames}")
    lead = not is_probability(graph) and outputs > 1
    zero = 0 if lead else quant.zero_point
    low, high = (-255, 255) if lead else (-128, 127) if element == "int8" else (0, 255)

    def score(probability: float) -> int:
        """The least score that stands for at least this probability; one more than any where none does."""
        real = probability if is_probability(graph) else _logit(probability)
        if math.isinf(real):
            return low if real < 0 else high + 1
        steps = math.ceil(real / quant.scale)
        while quant.scale * (steps - 1) >= real:
            steps -= 1
        while quant.scale * steps < real:
            steps += 1
        return min(max(steps + zero, low), high + 1)

    return Decision(
        output=number,
        lead=lead,
        on=score(threshold),
        off=score(below),
        smoothing=smoothing or Smoothing(),
        frames_on=frames,
        frames_off=frames,
    )


def _logit(probability: float) -> float:
    if probability in (0, 1):
        return -math.inf if probability == 0 else math.inf
    return math.log(probability / (1 - probability))


@dataclass(slots=True, kw_only=True)
class Decider:
    """The twin of `wk_decision_t`: takes one score a frame. Not frozen: it is the state."""

    decision: Decision
    scores: deque[int] = field(default_factory=deque)
    level: int | None = None
    in_row: int = 0
    is_there: bool = False

    def step(self, score: int) -> int:
        """NOTHING, APPEARED or DISAPPEARED, as `wk_decision_step`."""
        decision = self.decision
        reaches = self._smoothed_reaches(score, decision.off if self.is_there else decision.on)
        if reaches == self.is_there:
            self.in_row = 0
            return NOTHING
        self.in_row += 1
        if self.in_row < (decision.frames_off if self.is_there else decision.frames_on):
            return NOTHING
        self.in_row, self.is_there = 0, reaches
        return APPEARED if reaches else DISAPPEARED

    def _smoothed_reaches(self, score: int, threshold: int) -> bool:
        smoothing = self.decision.smoothing
        if smoothing.frames:
            self.scores.append(score)
            if len(self.scores) > smoothing.frames:
                self.scores.popleft()
            return sum(self.scores) >= threshold * len(self.scores)
        target = (score + _LEVEL_OFFSET) << _LEVEL_BITS
        if self.level is None:
            self.level = target
        else:
            self.level += (target >> smoothing.shift) - (self.level >> smoothing.shift)
        return self.level >= (threshold + _LEVEL_OFFSET) << _LEVEL_BITS
