"""Ready projects: a compiled model with all that a tool chain wants beside it.

A kind of project is one file here, with its templates in `data/`; `project` makes any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from wakeling.errors import TargetError, unknown_name
from wakeling.export.c.projects.arduino import arduino
from wakeling.export.c.projects.baremetal import baremetal
from wakeling.export.c.projects.esp_idf import esp_idf
from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.plain import plain
from wakeling.export.c.projects.tflm import tflm
from wakeling.export.c.projects.zephyr import zephyr

__all__ = ["INTERPRETED", "PROJECTS", "Firmware", "project"]

PROJECTS: Mapping[str, Callable[[Firmware], dict[str, bytes]]] = MappingProxyType(
    {
        "plain": plain,
        "baremetal": baremetal,
        "arduino": arduino,
        "zephyr": zephyr,
        "esp-idf": esp_idf,
        "tflm": tflm,
    }
)
"""Every kind of project by its name."""

INTERPRETED = frozenset({"tflm"})
"""The kinds that hold none of the generated C: an interpreter runs the file."""


def project(kind: str, firmware: Firmware) -> dict[str, bytes]:
    """The files of a project by their paths; raises TargetError, one line, where it cannot be made."""
    if kind not in PROJECTS:
        raise TargetError(unknown_name("project", kind, PROJECTS))
    return PROJECTS[kind](firmware)
