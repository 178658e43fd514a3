"""The parts that fill flash. How large each is lies in the other files of this package."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """Flash by what fills it, in bytes: what the model takes, and the runtime's code.

    `quantization_bytes` are scales and zero points in a `.tflite` file, multipliers and shifts in C;
    `structure_bytes` is the graph: the rest of the file, or the calls of the layers.
    """

    weights_bytes: int
    biases_bytes: int
    quantization_bytes: int
    structure_bytes: int
    runtime_bytes: int

    @property
    def file_bytes(self) -> int:
        """The model without the runtime's code: the `.tflite` file, or the C tables and calls."""
        return self.weights_bytes + self.biases_bytes + self.quantization_bytes + self.structure_bytes

    @property
    def total_bytes(self) -> int:
        """All that must fit the board's flash, but for the user's own program."""
        return self.file_bytes + self.runtime_bytes
