"""The order of the stages: the only package that knows it.

`design` takes a `DesignRequest` and a run folder; each stage leaves its result in the folder and
is passed over when the result is there, so a run that was killed goes on where it was.
"""

from __future__ import annotations

from wakeling.pipeline.design import DesignOutcome, design
from wakeling.pipeline.execution import Execution
from wakeling.pipeline.folder import RunFolder
from wakeling.pipeline.listener import Listener
from wakeling.pipeline.request import DesignRequest

__all__ = ["DesignOutcome", "DesignRequest", "Execution", "Listener", "RunFolder", "design"]
