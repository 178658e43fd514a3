"""Weights for cores with Helium as its kernels read them; C that compilers take without a warning."""

from __future__ import annotations

import struct
import subprocess
from importlib.resources import files as resources
from pathlib import Path

import numpy as np
import pytest

from wakeling.export.c import target_of
from wakeling.export.c.kernels.mve_layout import steps_of, stream_of
from wakeling.export.c.requantization import Requantization
from wakeling.verify.c.build import firmware
from wakeling.verify.c.toolchain import gcc, has_gcc, zig

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-pedantic")
RUNTIME = resources("wakeling.export.c") / "runtime"
SOURCES = sorted(
    file.name for file in RUNTIME.iterdir() if file.name.startswith("wk_mve") and file.name.endswith(".c")
)


@pytest.mark.parametrize("size", range(1, 70))
def test_steps_and_rest_cover_a_window_and_read_at_least_one_vector(size: int) -> None:
    steps, rest = steps_of(size)
    assert steps >= 1
    assert 0 <= 16 * steps + rest - size < 16
    assert rest == 0 or 16 * steps + rest == size


@pytest.mark.parametrize("size", [1, 9, 16, 27, 33, 40, 47, 64, 75])
@pytest.mark.parametrize("outputs", [1, 3, 4, 6])
def test_the_stream_holds_every_weight_where_the_kernel_reads_it(size: int, outputs: int) -> None:
    """Walked as the assembly does: vectors of four outputs, rests one behind the other, then the numbers."""
    rng = np.random.default_rng(size)
    weight = rng.integers(-128, 128, (outputs, size)).astype(np.int8)
    scaled = Requantization(
        bias=rng.integers(-(2**31), 2**31, outputs).astype(np.int32),
        multiplier=rng.integers(0, 2**31, outputs).astype(np.int32),
        shift=rng.integers(-31, 31, outputs).astype(np.int8),
        zero_point=0,
        low=-128,
        high=127,
    )
    window = rng.integers(-128, 128, size)
    steps, rest = steps_of(size)
    filled = np.pad(window, (0, 16 * (steps + 1) - size))
    stream = stream_of(weight, scaled).astype("<i4").tobytes()
    position, seen = 0, []
    for _ in range(-(-outputs // 4)):
        sums = [0, 0, 0, 0]
        for step in range(steps + (rest > 0)):
            for output in range(4):
                vector = struct.unpack_from("16b", stream, position)
                part = filled[16 * step : 16 * step + 16]
                sums[output] += sum(int(a) * b for a, b in zip(part, vector, strict=True))
                position += 16 if step < steps else rest
        biases = struct.unpack_from("<4i", stream, position)
        shifts = struct.unpack_from("4b", stream, position + 16)
        multipliers = struct.unpack_from("<4i", stream, position + 20)
        position += 36
        assert position % 4 == 0
        seen += list(zip(sums, biases, shifts, multipliers, strict=True))
    assert position == len(stream)
    expected = weight.astype(np.int64) @ window
    for output in range(outputs):
        total = int(expected[output])
        numbers = scaled.bias[output], scaled.shift[output], scaled.multiplier[output]
        assert seen[output] == (total, *map(int, numbers))
    assert all(block == (0, 0, 0, 0) for block in seen[outputs:])


@pytest.mark.parametrize(
    ("core", "optimization"),
    [("cortex-m55", "-O0"), ("cortex-m55", "-Os"), ("cortex-m55", "-O3"), ("cortex-m85", "-O2")],
)
@pytest.mark.parametrize("name", ["zig", "gcc"])
def test_every_kernel_compiles_without_a_warning(
    name: str, core: str, optimization: str, tmp_path: Path
) -> None:
    """At every level: assembly must not ask for more registers than a compiler has left."""
    if name == "gcc" and not has_gcc():
        pytest.skip("no arm-none-eabi-gcc")
    compiler = zig() if name == "zig" else gcc()
    for file in RUNTIME.iterdir():
        if file.name.endswith((".c", ".h")):
            (tmp_path / file.name).write_text(file.read_text("utf-8"))
    system = tmp_path / "system"
    system.mkdir()
    for file_name, text in firmware("freestanding/string.h").items():
        (system / file_name).write_text(text)
    extra = ["-isystem", str(system)] if compiler.needs_string_h else []
    assert len(SOURCES) >= 8
    flags = [*compiler.flags_for(target_of(core)), *STRICT, optimization, *extra]
    for source in SOURCES:
        command = [*compiler.command, *flags, "-c", source, "-o", "object.o"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[:2000]
        assert not done.stderr, done.stderr[:2000]
