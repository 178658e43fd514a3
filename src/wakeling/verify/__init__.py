"""The same numbers everywhere: the golden interpreter beside independent runtimes."""

from __future__ import annotations

from wakeling.verify.compare import verify
from wakeling.verify.report import VerificationReport, Witness

__all__ = ["VerificationReport", "Witness", "verify"]
