"""The cores that C is generated for: what each can do, and how compilers are told.

Which kernel a core gets is decided in `export.c.kernels`; running the result is `verify`'s matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from wakeling.errors import TargetError, unknown_name

Feature = Literal["dsp", "mve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A core by its name at Arm, in lower case.

    `features`: `dsp` has SMLAD and SMMULR (Armv7E-M, and Armv8-M with the DSP extension), `mve` the
    integer vectors of Helium. `cpu` is what `-mcpu=` takes (underscores for zig); None for plain C.
    """

    name: str
    title: str
    features: frozenset[Feature]
    cpu: str | None


def _target(name: str, title: str, *features: Feature, cpu: str | None = None) -> Target:
    return Target(name=name, title=title, features=frozenset(features), cpu=cpu)


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.name: target
        for target in (
            _target("portable", "any core with a C99 compiler"),
            _target("cortex-m0plus", "Arm Cortex-M0+ (Armv6-M)", cpu="cortex-m0plus"),
            _target("cortex-m3", "Arm Cortex-M3 (Armv7-M)", cpu="cortex-m3"),
            _target("cortex-m4", "Arm Cortex-M4 (Armv7E-M)", "dsp", cpu="cortex-m4"),
            _target("cortex-m7", "Arm Cortex-M7 (Armv7E-M)", "dsp", cpu="cortex-m7"),
            _target("cortex-m33", "Arm Cortex-M33 (Armv8-M with DSP)", "dsp", cpu="cortex-m33"),
            _target("cortex-m55", "Arm Cortex-M55 (Armv8.1-M with Helium)", "dsp", "mve", cpu="cortex-m55"),
            _target("cortex-m85", "Arm Cortex-M85 (Armv8.1-M with Helium)", "dsp", "mve", cpu="cortex-m85"),
        )
    }
)
"""Every target by its name."""


def target_for_core(core: str) -> Target:
    """The target for a board's core as its maker writes it (`Cortex-M4F`, `Cortex-M55 + Ethos-U55`).

    Plain C for a core that has no target of its own.
    """
    name = core.partition(" + ")[0].lower()
    plain = name.replace("m0+", "m0plus").removesuffix("f")
    return TARGETS.get(plain, TARGETS["portable"])


def target_of(name: str) -> Target:
    """A target by its name; raises TargetError with the nearest names."""
    found = TARGETS.get(name)
    if found is None:
        raise TargetError(unknown_name("target", name, TARGETS))
    return found
