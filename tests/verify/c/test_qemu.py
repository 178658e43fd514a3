"""QEMU's boards, where `qemu-system-arm` is installed: every layer equal to golden, counts as Unicorn's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.verify.c.hand_models import hand_model, objects
from wakeling.errors import DisagreementError, TargetError
from wakeling.export.c import compile_model, target_of
from wakeling.testing.random_models import random_images, random_model
from wakeling.verify.c import qemu_runner, toolchain, unicorn_runner
from wakeling.verify.c.emulators import emulator_of
from wakeling.verify.c.programs import emulator_program
from wakeling.verify.c.proof import prove_compiled
from wakeling.verify.c.toolchain import zig

pytestmark = pytest.mark.emulator

M4 = target_of("cortex-m4")


@pytest.fixture(autouse=True)
def installed() -> None:
    try:
        qemu_runner.program()
    except TargetError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(
    ("core", "compiler"),
    [*((core, "zig") for core in qemu_runner.BOARDS), ("cortex-m4", "gcc"), ("cortex-m55", "gcc")],
)
def test_a_random_network_agrees_on_every_board(core: str, compiler: str) -> None:
    check(core, compiler, [4])


@pytest.mark.slow
@pytest.mark.parametrize("core", qemu_runner.BOARDS)
def test_random_networks_agree_on_every_board(core: str) -> None:
    check(core, "zig", range(100))


def check(core: str, compiler: str, seeds: Iterable[int]) -> None:
    if compiler == "gcc" and not toolchain.has_gcc():
        pytest.skip("arm-none-eabi-gcc is not installed")
    target = target_of(core)
    for seed in seeds:
        model = random_model(seed)
        compiled = compile_model(model, target, keep_constant_channels=seed % 2 == 0)
        images = random_images(model, 2, seed)
        proof = prove_compiled(
            compiled, images, emulator=emulator_of(target, "qemu", compiler), folder=objects()
        )
        assert proof.agrees, (seed, proof.summary)
        assert proof.instructions is not None
        if core not in unicorn_runner.CPUS:
            continue
        exact = prove_compiled(
            compiled, images, emulator=emulator_of(target, "unicorn", compiler), folder=objects()
        )
        assert exact.instructions is not None
        assert proof.tick_instructions is not None
        # the two read the clock a dozen instructions apart
        margin = 2 * proof.tick_instructions
        assert abs(proof.instructions.median - exact.instructions.median) <= margin, seed
        assert (proof.flash_bytes, proof.data_bytes) == (exact.flash_bytes, exact.data_bytes)
        assert proof.stack_bytes is not None
        assert exact.stack_bytes is not None
        assert abs(proof.stack_bytes - exact.stack_bytes) <= 8


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("((volatile int8_t *)model->arena)[64] = 1;", "wrote outside the arena"),
        ('__asm__ volatile("udf #0");', "met a fault"),
        ("*(volatile int32_t *)0xFFFFFFF0u = 1;", "met a fault"),
    ],
)
def test_a_program_that_fails_says_how(body: str, message: str) -> None:
    program = on_the_board(body)
    with pytest.raises(DisagreementError, match=f"on input 0: .*{message}"):
        list(qemu_runner.run(program, "cortex-m4", [bytes(8)]))


def test_an_endless_program_is_stopped() -> None:
    program = on_the_board("for (volatile int i = 0;; i++) {}")
    with pytest.raises(TargetError, match="took longer than 1 s"):
        list(qemu_runner.run(program, "cortex-m4", [bytes(8)], timeout_s=1))


def test_a_long_run_is_counted_beyond_the_timers_period() -> None:
    """The timer starts over after 671 million instructions: 2 · 400 million are counted all the same."""
    program = on_the_board("for (volatile uint32_t i = 0; i < 180000000u; i++) {}")
    [run] = qemu_runner.run(program, "cortex-m4", [bytes(8)])
    assert run.instructions is not None
    assert 671_000_000 < run.instructions < 2_000_000_000
    assert run.instructions % 180_000_000 < 10_000


def on_the_board(body: str) -> Path:
    board = qemu_runner.board_of("cortex-m4")
    return emulator_program(
        hand_model(body),
        M4,
        zig(),
        folder=objects(),
        trace=False,
        harness="harness_semihosting.c",
        memories=board.memories,
    )
