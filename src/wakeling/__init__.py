"""wakeling designs visual-wake-words models for microcontrollers.

The public names live in the subpackages (`wakeling.spec`, `wakeling.cost`, `wakeling.boards`,
`wakeling.data`, `wakeling.train`, `wakeling.quantize`, `wakeling.export`, `wakeling.verify`,
`wakeling.report`); this module stays light and never imports torch.
"""

from __future__ import annotations

from wakeling._version import __version__
from wakeling.errors import WakelingError

__all__ = ["WakelingError", "__version__"]
