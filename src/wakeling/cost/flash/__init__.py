"""Flash: what a model and the code that runs it take, by runtime.

`flash` is TensorFlow Lite Micro's figure, with CMSIS-NN kernels; `flash_by_runtime` has all that are
modelled. What must be added is the user's own program.
"""

from __future__ import annotations

from wakeling.cost.flash.parts import Flash
from wakeling.cost.flash.runtimes import PROVENANCE, RUNTIMES, flash, flash_by_runtime

__all__ = ["PROVENANCE", "RUNTIMES", "Flash", "flash", "flash_by_runtime"]
