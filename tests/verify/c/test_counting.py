"""Instructions, stack and faults on programs of which everything is known beforehand."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
import unicorn
from unicorn import arm_const

from tests.verify.c.hand_models import ARENA_BYTES, INPUT_BYTES, assembly_model, hand_model, objects
from wakeling.errors import DisagreementError, TargetError
from wakeling.export.c import Target, target_of
from wakeling.verify.c import qemu_runner, unicorn_runner
from wakeling.verify.c.programs import emulator_program, read_program
from wakeling.verify.c.runs import Run
from wakeling.verify.c.toolchain import zig

M4 = target_of("cortex-m4")
INPUT = bytes(range(INPUT_BYTES))
UNPAINTED = 64
"""The smallest stack that the semihosting harness can tell."""


def program(
    files: Mapping[str, str], *, trace: bool = False, qemu: bool = False, target: Target = M4
) -> Path:
    special = {"harness": "harness_semihosting.c", "memories": "mps2.ld"} if qemu else {}
    return emulator_program(files, target, zig(), folder=objects(), trace=trace, **special)


def run(files: Mapping[str, str], *, trace: bool = False, timeout_s: float = 60, target: Target = M4) -> Run:
    elf = read_program(program(files, trace=trace, target=target))
    [only] = unicorn_runner.run(elf, target.name, [INPUT], timeout_s=timeout_s)
    return only


def loop(times: int) -> Mapping[str, str]:
    """1 + 2 · times + 1 instructions."""
    return assembly_model(f"movw r1, #{times}", "1: subs r1, r1, #1", "bne 1b", "bx lr")


@pytest.mark.parametrize("times", [1, 2, 1000, 60000])
def test_a_loop_has_the_instructions_that_it_is_written_with(times: int) -> None:
    assert run(loop(times)).instructions == 2 + 2 * times


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        (["nop"], 1),
        (["nop.w", "nop"], 2),
        (["cmp r0, r0", "it ne", "movne r1, #1"], 3),
        (["cmp r0, r0", "itete eq", "moveq r1, #1", "movne r1, #2", "moveq.w r2, #3", "movne r2, #4"], 6),
        (["smlad r1, r2, r3, r1", "ldr.w r2, [r0]", "ldrd r2, r3, [r0]"], 3),
        (["cbz r0, 2f", "nop", "2:", "cbnz r0, 3f", "nop", "3:"], 3),
        (["push {r4-r7, lr}", "pop {r4-r7, lr}"], 2),
        (["vmov.f32 s0, #1.0", "vadd.f32 s0, s0, s0"], 2),
    ],
)
def test_short_and_long_conditional_and_skipped_instructions_count_as_one(
    lines: list[str], count: int
) -> None:
    """A skipped instruction of an IT block is fetched, and counts."""
    assert run(assembly_model(*lines, "bx lr")).instructions == count + 1


def stepped(elf_path: Path) -> int:
    """The same count by Unicorn's own instruction hook in Python, between the harness's two calls."""
    elf = read_program(elf_path)
    engine = unicorn.Uc(
        unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS, arm_const.UC_CPU_ARM_CORTEX_M0
    )
    for start, end in ((elf.symbols["ram_start"], elf.symbols["stack_top"]), (0x08000000, 0x08100000)):
        engine.mem_map(start, end - start)
    for part in elf.segments:
        engine.mem_write(part.address, part.content)
    harness = elf.sections[".harness_text"]
    state = {"counting": False, "count": 0, "fed": False}
    starts, stops = elf.symbols["harness_start"], elf.symbols["harness_stop"]

    def step(engine: unicorn.Uc, address: int, size: int, data: object) -> None:
        if address == starts:
            state["counting"] = True
        elif address == stops:
            state["counting"] = False
        elif address == elf.symbols["harness_next"]:
            engine.mem_write(engine.reg_read(arm_const.UC_ARM_REG_R0), INPUT)
            engine.reg_write(arm_const.UC_ARM_REG_R0, not state["fed"])
            state["fed"] = True
        elif address == elf.symbols["harness_exit"]:
            engine.emu_stop()
        elif state["counting"] and not harness.address <= address < harness.address + harness.bytes:
            state["count"] += 1

    engine.hook_add(unicorn.UC_HOOK_CODE, step)
    engine.reg_write(arm_const.UC_ARM_REG_SP, elf.symbols["stack_top"])
    engine.emu_start(elf.entry | 1, 0)
    return state["count"]


BUSY = hand_model(
    "int32_t sum = 0; for (int32_t i = 0; i < 5000; i++) { sum += model->arena[i % 7] * i;"
    " if (sum % 3 == 0) { sum ^= i; } memcpy(model->arena + 8, model->arena, (size_t)(i % 8)); }"
    " model->arena[0] = (int8_t)(sum & 63);"
)


def test_blocks_count_as_single_steps_do() -> None:
    """Unicorn's hook for every instruction agrees with the hook for blocks, on code with many branches.

    The core is an M0+: that hook leaves out the skipped instructions of IT blocks, which it does not have.
    """
    core = target_of("cortex-m0plus")
    counted, seen = run(BUSY, target=core).instructions, stepped(program(BUSY, target=core))
    assert counted is not None
    assert counted > 100_000
    assert counted == seen


def test_counts_are_deterministic() -> None:
    assert run(BUSY).instructions == run(BUSY).instructions


@pytest.mark.emulator
def test_qemu_counts_the_same_to_a_tick() -> None:
    try:
        qemu_runner.program()
    except TargetError as missing:
        pytest.skip(str(missing))
    for files in (BUSY, loop(60000)):
        [seen] = qemu_runner.run(program(files, qemu=True), "cortex-m4", [INPUT])
        expected = run(files)
        assert seen.output == expected.output
        assert expected.stack_bytes is not None
        assert seen.stack_bytes == max(expected.stack_bytes, UNPAINTED)
        assert seen.instructions is not None
        assert expected.instructions is not None
        # the calls of the timer's reading are a dozen instructions, and a tick is 40
        assert (
            abs(seen.instructions - expected.instructions)
            <= 2 * qemu_runner.BOARDS["cortex-m4"].tick_instructions
        )


def test_the_stack_is_measured_below_its_caller() -> None:
    for size in (0, 400, 4000):
        body = f"volatile uint8_t room[{size} + 8]; for (uint32_t i = 0; i < {size} + 8u; i++) room[i] = 1;"
        stack = run(hand_model(body)).stack_bytes
        assert stack is not None
        assert size + 8 <= stack <= size + 8 + 40


def test_events_are_what_a_layer_made_and_the_trace_is_not_counted() -> None:
    files = hand_model(
        "model->arena[0] = 7;\nwakeling_trace(3, model->arena, 4);\n"
        "for (volatile int i = 0; i < 1000; i++) {}\nwakeling_trace(9, model->arena + 2, 2);"
    )
    seen = run(files, trace=True)
    assert [(event.layer, event.values) for event in seen.events] == [
        (3, bytes([7, 1, 2, 3])),
        (9, bytes([2, 3])),
    ]
    first, second = (event.instructions for event in seen.events)
    assert first is not None
    assert second is not None
    assert first < 20
    assert 4000 < second < 10000
    assert seen.output == bytes([7]) + INPUT[1:]


@pytest.mark.parametrize("offset", [-1, -64, ARENA_BYTES, ARENA_BYTES + 63])
def test_writing_beside_the_arena_is_seen(offset: int) -> None:
    with pytest.raises(DisagreementError, match="outside the arena"):
        run(hand_model(f"((volatile int8_t *)model->arena)[{offset}] = 1;"))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("*(volatile int32_t *)(uintptr_t)model->arena[0] = 1;", "faults"),
        ("*(volatile int32_t *)0x08000000u = 1;", "faults"),
        ("for (volatile int i = 0;; i++) {}", "did not end within"),
    ],
)
def test_a_crash_or_a_hang_names_the_function(body: str, message: str) -> None:
    """Flash cannot be written, there is nothing at address 0, and endless loops end."""
    with pytest.raises((DisagreementError, TargetError), match=rf"{message}.*in model_run on input 0"):
        run(hand_model(body), timeout_s=0.3)


def test_ctrl_c_ends_a_run_that_makes_calls() -> None:
    body = "for (;;) { wakeling_trace(1, model->arena, 1); }"
    elf = read_program(program(hand_model(body), trace=True))
    before = signal.getsignal(signal.SIGINT)
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        list(unicorn_runner.run(elf, "cortex-m4", [INPUT], timeout_s=60))
    assert signal.getsignal(signal.SIGINT) == before


def test_an_input_of_another_size_is_refused() -> None:
    elf = read_program(program(loop(1)))
    with pytest.raises(TargetError, match="an input has 3 bytes, the model takes 8"):
        list(unicorn_runner.run(elf, "cortex-m4", [b"abc"]))
