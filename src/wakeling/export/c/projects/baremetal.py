"""A program for an emulated board: start-up, linker script, Makefile; it runs the self-test under QEMU.

It is also the shortest complete example of firmware with the model in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wakeling.errors import TargetError
from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.template import filled


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedBoard:
    """A machine of QEMU's, the flags of its core, its memories (origin, bytes) and its core's clock."""

    machine: str
    core: str
    flags: str
    clock_hz: int
    vectors: tuple[int, int]
    flash: tuple[int, int]
    ram: tuple[int, int]


_MIB = 1 << 20


def _mps2(machine: str, core: str, flags: str) -> EmulatedBoard:
    return EmulatedBoard(
        machine=machine,
        core=core,
        flags=flags,
        clock_hz=25_000_000,
        vectors=(0x00000000, 1024),
        flash=(0x00000400, 4 * _MIB - 1024),
        ram=(0x20000000, 4 * _MIB),
    )


BOARDS: Mapping[str, EmulatedBoard] = MappingProxyType(
    {
        "cortex-m3": _mps2("mps2-an385", "Cortex-M3", "-mcpu=cortex-m3 -mfloat-abi=soft"),
        "cortex-m4": _mps2("mps2-an386", "Cortex-M4", "-mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16"),
        "cortex-m7": _mps2("mps2-an500", "Cortex-M7", "-mcpu=cortex-m7 -mfloat-abi=hard -mfpu=fpv5-sp-d16"),
        "cortex-m33": EmulatedBoard(
            machine="mps2-an505",
            core="Cortex-M33",
            flags="-mcpu=cortex-m33 -mfloat-abi=hard -mfpu=fpv5-sp-d16",
            clock_hz=20_000_000,
            vectors=(0x10000000, 1024),
            flash=(0x10000400, 4 * _MIB - 1024),
            ram=(0x38000000, 4 * _MIB),
        ),
        "cortex-m55": EmulatedBoard(
            machine="mps3-an547",
            core="Cortex-M55",
            flags="-mcpu=cortex-m55 -mfloat-abi=hard -mfpu=auto",
            clock_hz=32_000_000,
            vectors=(0x00000000, 1024),
            flash=(0x11000000, 2 * _MIB),
            ram=(0x31000000, 4 * _MIB),
        ),
    }
)
"""The board for each core; memories and clocks as in hw/arm/mps2.c and mps2-tz.c of QEMU 7.2."""


def baremetal(firmware: Firmware) -> dict[str, bytes]:
    """A folder in which `make run` builds the program and runs it under QEMU.

    Raises TargetError for a core that no emulated board has.
    """
    target = firmware.compiled.about.target
    board = BOARDS.get(target)
    if board is None:
        raise TargetError(
            f"no emulated board has the core {target!r}; the project 'baremetal' takes --target "
            f"{', '.join(BOARDS)}; 'plain' takes any"
        )
    is_real = firmware.compiled.about.output.element == "float32"
    values = {
        "MACHINE": board.machine,
        "CORE": board.core,
        "FLAGS": board.flags,
        "CLOCK_HZ": str(board.clock_hz),
        # a real output is printed in millionths: nothing here prints a point
        "PRINTED": "(int64_t)(1000000.0f * " if is_real else "",
        "SCALED": ")" if is_real else "",
        **{
            f"{name}_{part}": f"0x{value:08x}"
            for name, memory in (("VECTORS", board.vectors), ("FLASH", board.flash), ("RAM", board.ram))
            for part, value in zip(("ORIGIN", "BYTES"), memory, strict=True)
        },
    }
    files = {f"{firmware.name}/{name}": text.encode() for name, text in firmware.sources.items()}
    for file in (
        "main.c",
        "startup.c",
        "semihosting.c",
        "semihosting.h",
        "board.ld",
        "Makefile",
        "README.md",
    ):
        files[file] = filled(f"baremetal/{file}", firmware, values)
    return files
