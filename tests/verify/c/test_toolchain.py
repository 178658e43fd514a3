"""Compilers, objects and programs: every target has flags and a machine, nothing is compiled twice."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.verify.c.hand_models import hand_model
from wakeling.errors import DisagreementError, MissingDependencyError, TargetError
from wakeling.export.c import TARGETS, target_of
from wakeling.verify.c import host_runner, qemu_runner, toolchain, unicorn_runner
from wakeling.verify.c.build import build, firmware
from wakeling.verify.c.elf import read_elf
from wakeling.verify.c.programs import emulator_program, program_sizes, read_program
from wakeling.verify.c.toolchain import Compiler, zig

CORES = [name for name, target in TARGETS.items() if target.cpu is not None]
M4 = target_of("cortex-m4")


def gcc_or_skip() -> Compiler:
    if not toolchain.has_gcc():
        pytest.skip("arm-none-eabi-gcc is not installed")
    return toolchain.gcc()


@pytest.mark.parametrize("core", CORES)
def test_every_core_can_be_built_for_and_run(core: str) -> None:
    assert zig().flags_for(TARGETS[core])
    assert core in toolchain._GCC_FLAGS
    assert core in unicorn_runner.CPUS or core in qemu_runner.BOARDS


@pytest.mark.parametrize("core", CORES)
@pytest.mark.parametrize("which", ["zig", "gcc"])
def test_the_compiler_defines_what_the_core_has(core: str, which: str) -> None:
    """Kernels are chosen by these macros; a compiler that does not define them computes with plain C."""
    compiler = zig() if which == "zig" else gcc_or_skip()
    flags = compiler.flags_for(TARGETS[core])
    command = [*compiler.command, *flags, "-dM", "-E", "-x", "c", "/dev/null"]
    macros = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    features = TARGETS[core].features
    assert ("__ARM_FEATURE_DSP 1" in macros) == ("dsp" in features)
    assert ("__ARM_FEATURE_MVE" in macros) == ("mve" in features)
    # cores from the M4 on are taken with the floating-point unit that most chips give them
    assert ("__ARM_PCS_VFP" in macros) == (core not in ("cortex-m0plus", "cortex-m3"))


def test_an_object_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []
    run = subprocess.run

    def counted(command: list[str], **options: Any) -> Any:
        commands.append(command[-1])
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", counted)
    files = {
        "a.h": "#define A 1\n",
        "a.c": '#include "a.h"\nint a = A;\n',
        "b.c": "int main(void) { return 0; }\n",
    }
    compiler = toolchain.host()
    first = build(compiler, files, folder=tmp_path, flags=("-O1",))
    assert sorted(commands[:2]) == ["a.c", "b.c"]
    assert len(commands) == 3
    assert build(compiler, files, folder=tmp_path, flags=("-O1",)) == first
    assert len(commands) == 3
    build(compiler, {**files, "a.h": "#define A 2\n"}, folder=tmp_path, flags=("-O1",))
    assert commands[3:4] == ["a.c"]
    assert len(commands) == 5
    build(compiler, files, folder=tmp_path, flags=("-O2",))
    assert len(commands) == 8


def test_a_compiler_that_refuses_is_quoted_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"cannot build this: .*error") as caught:
        emulator_program(hand_model("undeclared = 1;"), M4, zig(), folder=tmp_path, trace=False)
    assert "\n" not in str(caught.value)
    with pytest.raises(TargetError, match="prefix 'model'"):
        emulator_program({"other.h": ""}, M4, zig(), folder=tmp_path, trace=False)


def test_sizes_are_the_models_own(tmp_path: Path) -> None:
    """A table, a variable and a zeroed buffer add just their bytes; the test program adds none."""

    def sizes(before: str, body: str) -> tuple[int, int]:
        program = emulator_program(hand_model(body, before), M4, zig(), folder=tmp_path, trace=False)
        found = program_sizes(read_program(program))
        return found.flash_bytes, found.data_bytes

    flash, data = sizes("", "")
    assert 0 < flash < 100
    assert data == 0
    use = "model->arena[0] = ((volatile const int8_t *)room)[model->arena[1] & 7];"
    plain, _ = sizes("extern int8_t *nothing;", "model->arena[0] = model->arena[model->arena[1] & 7];")
    table, no_data = sizes("static const int8_t room[1000] = {1, 2, 3};", use)
    assert plain + 1000 <= table <= plain + 1032
    assert no_data == 0
    initial, variable = sizes("static int8_t room[1000] = {1, 2, 3};", use)
    assert variable == 1000
    assert plain + 1000 <= initial <= plain + 1032
    code, zeroed = sizes("static int8_t room[1000];", use + "((volatile int8_t *)room)[0]++;")
    assert zeroed == 1000
    assert code < plain + 64


def test_sanitizers_stop_the_program(tmp_path: Path) -> None:
    if not host_runner.sanitizer_flags():
        pytest.skip("the host's compiler has no sanitizers")
    for body, what in (
        ("model->arena[65] = ((volatile int8_t *)model->arena)[64];", "heap-buffer-overflow|runtime error"),
        ("volatile int32_t big = 2147483647; model->arena[0] = (int8_t)(big + 1);", "overflow"),
        ("volatile int32_t minus = -1; model->arena[0] = (int8_t)(1 << minus);", "shift exponent"),
    ):
        program = host_runner.host_program(hand_model(body), M4, folder=tmp_path, trace=False)
        with pytest.raises(DisagreementError, match=what):
            list(host_runner.run(program, [bytes(8)]))


def test_what_is_missing_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (toolchain.zig, toolchain.gcc):
        cached.cache_clear()
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"ziglang.*wakeling\[emulate\]"):
        toolchain.zig()
    with pytest.raises(MissingDependencyError, match=r"unicorn.*wakeling\[emulate\]"):
        unicorn_runner.require("cortex-m4")
    with pytest.raises(TargetError, match="apt-get install gcc-arm-none-eabi"):
        toolchain.gcc()
    with pytest.raises(TargetError, match="apt-get install qemu-system-arm"):
        qemu_runner.program()


def test_what_is_no_elf_file_is_refused() -> None:
    with pytest.raises(TargetError, match="no 32-bit little-endian ELF"):
        read_elf(b"MZ" + bytes(100))


@pytest.mark.parametrize("harness", ["harness_emulator.c", "harness_semihosting.c", "harness_host.c"])
@pytest.mark.parametrize("which", ["zig", "gcc"])
def test_the_test_program_compiles_without_a_warning(which: str, harness: str, tmp_path: Path) -> None:
    is_host = harness == "harness_host.c"
    if is_host:
        compiler, own = toolchain.host(), ("-DHARNESS_HEAP",)
    else:
        compiler = zig() if which == "zig" else gcc_or_skip()
        own = (*compiler.flags_for(M4), "-DHARNESS_SECTIONS")
    names = ["harness.h", "main.c", harness, *([] if is_host else ["startup.c"])]
    system = firmware("freestanding/string.h") if compiler.needs_string_h else {}
    for name in names[1:]:
        files = {**hand_model(""), **firmware(*names)}
        (tmp_path / "system").mkdir(exist_ok=True)
        for file, text in {**files, **{f"system/{file}": text for file, text in system.items()}}.items():
            (tmp_path / file).write_text(text)
        strict = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", "-Wconversion")
        command = [*compiler.command, *own, *strict, "-isystem", "system", "-c", "-o", "object.o", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
