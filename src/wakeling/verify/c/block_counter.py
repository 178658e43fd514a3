"""The instruction counter of `block_counter.c`, compiled for this computer and bound to an engine."""

from __future__ import annotations

import ctypes
import functools
import tempfile
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING

from wakeling.errors import TargetError
from wakeling.verify.c.build import build
from wakeling.verify.c.elf import Elf, Segment
from wakeling.verify.c.toolchain import host

if TYPE_CHECKING:
    from unicorn import Uc


class _State(ctypes.Structure):
    """`counter` of block_counter.c."""

    _fields_ = (
        ("code", ctypes.c_void_p),
        ("blocks", ctypes.c_void_p),
        ("first", ctypes.c_uint64),
        ("code_bytes", ctypes.c_uint64),
        ("skip_first", ctypes.c_uint64),
        ("skip_end", ctypes.c_uint64),
        ("instructions", ctypes.c_uint64),
        ("elsewhere", ctypes.c_uint64),
    )


class BlockCounter:
    """Counts the instructions that an engine runs, those of the section `.harness_text` left out."""

    def __init__(self, engine: Uc, elf: Elf) -> None:
        from unicorn import UC_HOOK_BLOCK, UcError
        from unicorn.unicorn_py3 import unicorn as binding

        text, skipped = elf.sections[".text"], elf.sections[".harness_text"]
        segment = _segment_of(elf, text.address)
        start = text.address - segment.address
        self._code = ctypes.create_string_buffer(segment.content[start : start + text.bytes], text.bytes)
        self._blocks = (ctypes.c_uint32 * (text.bytes + 2))()
        self._state = _State(
            code=ctypes.addressof(self._code),
            blocks=ctypes.addressof(self._blocks),
            first=text.address,
            code_bytes=text.bytes,
            skip_first=skipped.address,
            skip_end=skipped.address + skipped.bytes,
        )
        # Python's own hook_add takes Python functions only
        handle = ctypes.c_size_t()
        status = binding.uclib.uc_hook_add(
            engine._uch,
            ctypes.byref(handle),
            UC_HOOK_BLOCK,
            _callback(),
            ctypes.addressof(self._state),
            ctypes.c_uint64(1),
            ctypes.c_uint64(0),
        )
        if status != 0:
            raise UcError(status)

    @property
    def instructions(self) -> int:
        """Instructions until now; raises TargetError where code ran that is not in the program."""
        if self._state.elsewhere:
            raise TargetError("the program ran code outside its own text, which cannot be counted")
        return int(self._state.instructions)


@functools.cache
def _callback() -> ctypes.c_void_p:
    with tempfile.TemporaryDirectory(prefix="wakeling-", ignore_cleanup_errors=True) as name:
        library = build(
            host(),
            {"block_counter.c": (resources("wakeling.verify.c") / "block_counter.c").read_text("utf-8")},
            folder=Path(name),
            flags=("-std=c99", "-O2", "-fPIC"),
            link_flags=("-shared",),
        )
        return ctypes.cast(ctypes.CDLL(str(library)).count_block, ctypes.c_void_p)


def _segment_of(elf: Elf, address: int) -> Segment:
    return next(part for part in elf.segments if part.address <= address < part.address + len(part.content))
