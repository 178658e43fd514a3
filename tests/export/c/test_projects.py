"""Ready projects: complete, built as their user builds them, and run on their test picture."""

from __future__ import annotations

import dataclasses
import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from tests.export.c.host import RUNTIME, STRICT, build, host_compiler, run, zig
from tests.export.c.tiny import network
from wakeling.errors import TargetError
from wakeling.export import tflite
from wakeling.export.c import compile_model, target_of
from wakeling.export.c.camera import frame_to_input, parse_camera
from wakeling.export.c.decision import Decider, Smoothing, decision_of
from wakeling.export.c.emit.text import own_names
from wakeling.export.c.projects import PROJECTS, Firmware, project
from wakeling.export.c.projects.baremetal import BOARDS
from wakeling.export.c.sample import sample_of
from wakeling.export.model_file import only_subgraph
from wakeling.export.read_file import read_model_file
from wakeling.export.tflm_resolver import RESOLVER_METHODS
from wakeling.graph import GraphBuilder
from wakeling.ops import AveragePool2D, Conv2D, Dense, DepthwiseConv2D, Dequantize, Reshape, Softmax
from wakeling.quantize import golden
from wakeling.quantize.model import QuantizedModel

STUBS = Path(__file__).with_name("stubs")
CAMERA = "rgb565:40x30:crop=30x30"


def grow(builder: GraphBuilder, tensor: str) -> str:
    tensor = builder.append(Conv2D(filters=32, kernel=(3, 3), stride=(2, 2), use_bias=True), tensor)
    tensor = builder.append(DepthwiseConv2D(kernel=(3, 3), use_bias=True), tensor)
    tensor = builder.append(AveragePool2D(pool=(8, 8)), tensor)
    tensor = builder.append(Reshape(shape=(32,)), tensor)
    return builder.append(Softmax(), builder.append(Dense(units=2), tensor))


def model_of(*, reals: bool = False) -> QuantizedModel:
    def whole(builder: GraphBuilder, tensor: str) -> str:
        made = grow(builder, tensor)
        return builder.append(Dequantize(), made) if reals else made

    return dataclasses.replace(network((16, 16, 3), whole, seed=5), labels=("nobody", "person"))


def firmware_of(
    target: str = "portable", *, name: str = "finder", camera: str | None = CAMERA, reals: bool = False
) -> Firmware:
    model = model_of(reals=reals)
    compiled = compile_model(model, target_of(target), name=name)
    values = np.random.default_rng(5).integers(-128, 128, (16, 16, 3), np.int8)
    return Firmware(
        compiled=compiled,
        sample=sample_of(model, values, "noise for a test"),
        content=tflite.to_bytes(model),
        camera=None if camera is None else parse_camera(camera),
        decision=None if reals else decision_of(model, smoothing=Smoothing(frames=2)),
    )


def wrong(firmware: Firmware) -> Firmware:
    """With an expected output that the model does not compute."""
    sample = firmware.sample
    expected = dataclasses.replace(sample, output=sample.output[::-1].copy())
    assert not np.array_equal(expected.output, sample.output)
    return dataclasses.replace(firmware, sample=expected)


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def done(command: list[str], folder: Path, **variables: str) -> str:
    """Both streams of a command that must succeed."""
    environment = {**os.environ, **variables}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def texts_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """All texts of a project, those in a zip too."""
    found = {}
    for name, content in files.items():
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found |= {f"{name}/{inner}": archive.read(inner).decode() for inner in archive.namelist()}
        else:
            found[name] = content.decode()
    return found


@pytest.mark.parametrize("kind", sorted(PROJECTS))
@pytest.mark.parametrize("camera", [None, CAMERA])
def test_a_project_is_plain_text_and_complete(kind: str, camera: str | None) -> None:
    """ASCII, every placeholder filled, no name of the runtime left, the same bytes each time."""
    firmware = firmware_of("cortex-m4", camera=camera)
    files = project(kind, firmware)
    for name, text in texts_of(files).items():
        assert text.isascii(), name
        assert not re.search(r"@[A-Z_]+@", text), name
        assert not re.search(r"\b(wk_|WK_)\w", text), name
        assert text.endswith("\n"), name
        assert "wk.h" not in text, name
    readme = files["README.md"].decode()
    commands = re.search(r"\n\n    (\S.*)\n    (\S.*)\n\n", readme)
    assert commands is not None
    assert "PASS" in readme or "self-test" in readme
    assert project(kind, firmware_of("cortex-m4", camera=camera)) == files


def test_an_unknown_project_lists_the_known_ones() -> None:
    with pytest.raises(TargetError, match="known: baremetal"):
        project("bare", firmware_of())


@pytest.mark.parametrize("reals", [False, True])
def test_the_plain_program_passes_and_finds_a_wrong_output(tmp_path: Path, reals: bool) -> None:
    firmware = firmware_of(reals=reals, camera=None if reals else CAMERA)
    folder = written(project("plain", firmware), tmp_path)
    sources = [folder / "selftest" / "main.c", *sorted(folder.glob("*.c"))]
    text = run(build(sources, tmp_path / "run", flags=[f"-I{folder}"])).decode()
    assert text.endswith("PASS\n")
    assert "person: " in text
    written(project("plain", wrong(firmware)), tmp_path)
    program = build(sources, tmp_path / "wrong", flags=[f"-I{folder}"])
    ended = subprocess.run([program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stdout.endswith("FAIL\n")


LOOK = """
#include <stdio.h>

#include "finder_camera_setup.h"
#include "finder_decision_setup.h"

static finder_t model;
static finder_camera_t camera;
static finder_decision_t decision;
static uint8_t frame[FINDER_CAMERA_FRAME_BYTES], rows[FINDER_CAMERA_MEMORY_BYTES];

int main(void) {
    if (finder_init(&model, NULL, 0) != 0) {
        return 1;
    }
    if (finder_camera_init(&camera, &model, rows, sizeof rows - 1) != -1 ||
        finder_camera_init(&camera, &model, ROWS) != 0) {
        return 2;
    }
    finder_decision_init(&decision);
    while (fread(frame, 1, sizeof frame, stdin) == sizeof frame) {
        finder_camera_frame(&camera, frame, FINDER_CAMERA_ROW_BYTES);
        fwrite(finder_input(&model), 1, FINDER_INPUT_BYTES, stdout);
        finder_run(&model);
        putchar(finder_decide(&decision, &model));
        fwrite(finder_output(&model), 1, FINDER_OUTPUT_BYTES, stdout);
    }
    return 0;
}
"""


@pytest.mark.parametrize("place", ["beside the input", "memory of the caller's"])
def test_frames_go_through_camera_model_and_decision(tmp_path: Path, place: str) -> None:
    """From the frame's bytes to events, in C, as the twins and golden compute them."""
    firmware = firmware_of()
    assert firmware.camera is not None
    assert firmware.camera_code is not None
    assert firmware.decision is not None
    folder = written(project("plain", firmware), tmp_path)
    assert firmware.camera_code.arena_offset is not None
    memory = "NULL, 0" if place == "beside the input" else "rows, sizeof rows"
    (folder / "look.c").write_text(LOOK.replace("ROWS", memory))
    program = build(sorted(folder.glob("*.c")), tmp_path / "look", flags=[f"-I{folder}"])
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, firmware.camera.frame_bytes, np.uint8).tobytes() for _ in range(12)]
    frames += [bytes(len(frames[0])), b"\xff" * len(frames[0])] * 3
    model, decider = firmware.compiled.original, Decider(decision=firmware.decision)
    expected, events = b"", []
    for frame in frames:
        values = frame_to_input(frame, firmware.camera, (16, 16, 3))
        output = golden.run(model, values[np.newaxis])[0]
        event = decider.step(firmware.decision.score(output.tolist()))
        events.append(event)
        expected += values.tobytes() + bytes([event]) + output.tobytes()
    assert len(set(events)) == 3  # nothing, appeared, disappeared: all were asked of the C
    assert run(program, b"".join(frames)) == expected


def test_where_the_arena_has_no_room_the_caller_gives_some() -> None:
    """A frame so wide that one row of it does not fit beside the input."""
    firmware = firmware_of(camera="rgb565:4000x20")
    code = firmware.camera_code
    assert code is not None
    assert code.memory_bytes > firmware.compiled.plan.peak_bytes - 16 * 16 * 3
    assert code.arena_offset is None
    assert (
        "static uint8_t rows[FINDER_CAMERA_MEMORY_BYTES];" in project("plain", firmware)["README.md"].decode()
    )
    room = firmware_of(camera="gray8:16x16").camera_code
    assert room is not None
    assert room.arena_offset is not None


def test_no_two_files_share_a_name() -> None:
    with pytest.raises(TargetError, match="choose another --name"):
        # the model's own header would be called as the camera's
        _ = (
            firmware_of(name="finder")
            .__class__(
                **{
                    **{
                        field.name: getattr(firmware_of(), field.name)
                        for field in dataclasses.fields(Firmware)
                    },
                    "compiled": dataclasses.replace(
                        firmware_of().compiled,
                        files={"finder_selftest.h": "", **firmware_of().compiled.files},
                    ),
                }
            )
            .sources
        )


QUICK = ("cortex-m4", "cortex-m55")
boards = pytest.mark.parametrize(
    "target",
    [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in sorted(BOARDS)],
)


@boards
def test_bare_metal_is_built_by_zig_without_a_warning(tmp_path: Path, target: str) -> None:
    from wakeling.verify.c.build import build as build_firmware
    from wakeling.verify.c.build import firmware as test_files
    from wakeling.verify.c.toolchain import zig as zig_compiler

    files = project("baremetal", firmware_of(target))
    compiler = zig_compiler()
    sources = {
        Path(name).name: content.decode()
        for name, content in files.items()
        if name.endswith((".c", ".h", ".ld"))
    }
    flags = [*STRICT, "-O2", *compiler.flags_for(target_of(target))]
    build_firmware(
        compiler,
        sources,
        folder=tmp_path,
        flags=flags,
        link_flags=["-nostartfiles", "-Wl,--gc-sections", "-Wl,-e,reset", "-Wl,-T,board.ld"],
        system=test_files("freestanding/string.h"),
    )


def needs(*programs: str) -> None:
    for name in programs:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


@pytest.mark.emulator
@boards
def test_bare_metal_passes_under_qemu(tmp_path: Path, target: str) -> None:
    """The two commands of the README; then a wrong expectation, which must be seen."""
    needs("arm-none-eabi-gcc", "make", "qemu-system-arm")
    firmware = firmware_of(target)
    folder = written(project("baremetal", firmware), tmp_path)
    done(["make", "-j2"], folder)
    text = done(["make", "run"], folder)
    assert "\nPASS\n" in text
    (count,) = re.findall(r"^(\d+) instructions, measured under emulation$", text, re.MULTILINE)
    macs = firmware.compiled.about.macs
    assert macs / 8 < int(count) < 200 * macs + 200_000
    written(project("baremetal", wrong(firmware)), tmp_path)
    ended = subprocess.run(["make", "run"], cwd=folder, capture_output=True, text=True)
    assert ended.returncode != 0
    assert "FAIL" in ended.stdout + ended.stderr


def test_a_core_without_an_emulated_board_is_one_line() -> None:
    with pytest.raises(TargetError, match="takes --target cortex-m3, cortex-m4"):
        project("baremetal", firmware_of("cortex-m0plus"))


def cxx() -> list[str]:
    return ["g++"] if shutil.which("g++") else zig("c++")


@pytest.mark.parametrize("example", ["TestPicture", "Camera"])
def test_the_arduino_library_runs_as_c_below_and_cxx_above(tmp_path: Path, example: str) -> None:
    """Sources as C, the sketch as C++ as Arduino does it; with a Serial that prints here."""
    files = project("arduino", firmware_of())
    with zipfile.ZipFile(io.BytesIO(files["finder.zip"])) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    library = tmp_path / "finder"
    properties = dict(
        line.split("=", 1) for line in (library / "library.properties").read_text().splitlines()
    )
    assert {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url"} <= set(
        properties
    )
    assert properties["includes"] == "finder.h"
    assert (library / "src" / "finder.h").is_file()
    sketch = library / "examples" / example / f"{example}.ino"
    compiler, _ = host_compiler()
    done([*compiler, *STRICT, "-O1", "-c", *sorted(map(str, (library / "src").glob("*.c")))], tmp_path)
    objects = sorted(str(path) for path in tmp_path.glob("*.o"))
    flags = ["-std=c++17", "-Wall", "-Wextra", "-Werror", f"-I{library / 'src'}", f"-I{STUBS / 'arduino'}"]
    command = [
        *cxx(),
        *flags,
        "-include",
        "Arduino.h",
        "-x",
        "c++",
        str(sketch),
        str(STUBS / "arduino" / "main.cpp"),
    ]
    done([*command, "-x", "none", *objects, "-o", "sketch"], tmp_path)
    text = done([str(tmp_path / "sketch")], tmp_path)
    assert text.endswith("PASS\n") if example == "TestPicture" else "FAIL" not in text


def test_the_arduino_library_without_a_camera_or_a_decision_has_fitting_examples(tmp_path: Path) -> None:
    names = texts_of(project("arduino", firmware_of(camera=None)))
    assert not any("Camera.ino" in name for name in names)
    assert any("TestPicture.ino" in name for name in names)
    undecided = dataclasses.replace(firmware_of(), decision=None)
    sketch = texts_of(project("arduino", undecided))["finder.zip/finder/examples/Camera/Camera.ino"]
    assert "show();" in sketch
    assert "decide" not in sketch


@pytest.mark.parametrize("reals", [False, True])
def test_the_zephyr_module_is_built_by_cmake_and_passes(tmp_path: Path, reals: bool) -> None:
    needs("cmake", "make")
    firmware = firmware_of(reals=reals, camera=None if reals else CAMERA)
    folder = written(project("zephyr", firmware), tmp_path / "zephyr-module")
    sample = folder / "samples" / "test_picture"
    done(["cmake", "-S", str(sample), "-B", "build", f"-DZephyr_DIR={STUBS / 'zephyr'}"], tmp_path)
    done(["cmake", "--build", "build", "-j2"], tmp_path)
    assert "PASS\n" in done([str(tmp_path / "build" / "app")], tmp_path)
    kconfig = (folder / "Kconfig").read_text()
    assert kconfig.startswith("config WAKELING_FINDER\n\tbool ")
    assert "CONFIG_WAKELING_FINDER=y" in (sample / "prj.conf").read_text()


def test_the_esp_idf_project_is_built_by_cmake_and_passes(tmp_path: Path) -> None:
    needs("cmake", "make")
    folder = written(project("esp-idf", firmware_of()), tmp_path / "project")
    variables = {"IDF_PATH": str(STUBS / "esp-idf")}
    done(["cmake", "-S", str(folder), "-B", "build"], tmp_path, **variables)
    done(["cmake", "--build", "build", "-j2"], tmp_path, **variables)
    assert "PASS\n" in done([str(tmp_path / "build" / "test_picture")], tmp_path)


def test_the_tflm_variant_has_exactly_the_files_operators(tmp_path: Path) -> None:
    firmware = firmware_of()
    files = project("tflm", firmware)
    header = files["finder_operators.h"].decode()
    in_file = {operator.name for operator in only_subgraph(read_model_file(firmware.content)).operators}
    assert set(re.findall(r"resolver\.(\w+)\(\)", header)) == {RESOLVER_METHODS[name] for name in in_file}
    assert f"finder_operator_count = {len(in_file)};" in header
    arena = int(re.findall(r"finder_arena_bytes = (\d+);", header)[0])
    assert arena >= 16 * 16 * 3 + 8 * 8 * 32
    written(files, tmp_path)
    compiler, _ = host_compiler()
    for source in ("finder_data.c", "finder_test_picture.c"):
        done([*compiler, *STRICT, "-c", source], tmp_path)
    array = re.findall(r"0x([0-9a-f]{2})", files["finder_data.c"].decode())
    assert bytes.fromhex("".join(array)) == firmware.content


def test_the_tflm_program_is_sound_cxx(tmp_path: Path) -> None:
    """Against the names of TFLM that it uses; a method that the table misspells would not be there."""
    folder = written(project("tflm", firmware_of()), tmp_path)
    stub = (STUBS / "tflm.h").read_text()
    known = (
        "AddConv2D",
        "AddDepthwiseConv2D",
        "AddAveragePool2D",
        "AddReshape",
        "AddFullyConnected",
        "AddSoftmax",
    )
    stub = stub.replace("METHODS", "\n    ".join(f"TfLiteStatus {name}();" for name in known))
    included = re.findall(r'#include "(tensorflow/[\w/.]+)"', (folder / "main.cc").read_text())
    for name in (*included, "tensorflow/lite/micro/micro_mutable_op_resolver.h"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(stub)
    done([*cxx(), "-std=c++17", "-Wall", "-Wextra", "-Werror", "-I.", "-c", "main.cc"], folder)


def test_runtime_headers_of_camera_and_decision_are_sound_cxx(tmp_path: Path) -> None:
    names = ("wk_camera.h", "wk_decision.h")
    for name in names:
        (tmp_path / own_names(name, "m")).write_text(own_names((RUNTIME / name).read_text(), "m"))
    (tmp_path / "use.cc").write_text("".join(f'#include "{own_names(name, "m")}"\n' for name in names))
    done([*cxx(), "-std=c++11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-c", "use.cc"], tmp_path)
