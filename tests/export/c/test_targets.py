"""The cores that C is generated for: names, features, and what board files call them."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from wakeling.boards import board_names, load_board
from wakeling.errors import TargetError
from wakeling.export.c.targets import TARGETS, target_for_core, target_of

GCC = "arm-none-eabi-gcc"


def test_targets_are_found_by_their_names() -> None:
    assert all(target_of(name).name == name for name in TARGETS)
    assert target_of("cortex-m4").features == {"dsp"}
    assert target_of("cortex-m0plus").features == frozenset()
    assert target_of("cortex-m55").features == {"dsp", "mve"}
    assert target_of("portable").cpu is None


def test_an_unknown_target_names_the_nearest_in_one_line() -> None:
    with pytest.raises(TargetError, match="cortex-m4") as problem:
        target_of("cortex-m4f")
    assert "\n" not in str(problem.value)


def test_every_helium_core_has_the_dsp_extension_too() -> None:
    assert all("dsp" in target.features for target in TARGETS.values() if "mve" in target.features)


@pytest.mark.parametrize(
    ("core", "name"),
    [
        ("Cortex-M4F", "cortex-m4"),
        ("Cortex-M0+", "cortex-m0plus"),
        ("Cortex-M55 + Ethos-U55", "cortex-m55"),
        ("Cortex-M7", "cortex-m7"),
        ("Xtensa LX7", "portable"),
    ],
)
def test_a_core_as_its_maker_writes_it_has_a_target(core: str, name: str) -> None:
    assert target_for_core(core).name == name


def test_every_board_has_a_target() -> None:
    cores = {load_board(name).core for name in board_names()}
    named = {core for core in cores if core.startswith("Cortex-M")}
    assert named
    assert all(target_for_core(core).cpu is not None for core in named)


@pytest.mark.skipif(shutil.which(GCC) is None, reason=f"no {GCC}")
@pytest.mark.parametrize(
    "name", ["cortex-m0plus", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"]
)
def test_gcc_knows_each_core_and_whether_it_has_the_dsp_extension(name: str) -> None:
    target = target_of(name)
    command = [GCC, "-mthumb", f"-mcpu={target.cpu}", "-mfloat-abi=soft", "-dM", "-E", "-x", "c", "-"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=True)
    assert ("#define __ARM_FEATURE_DSP 1" in done.stdout) == ("dsp" in target.features)
