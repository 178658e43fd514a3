"""Frames to inputs: the Python twin against Pillow, and the C against the twin."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.export.c.host import RUNTIME, build, run
from tests.export.c.test_resampling import DOWN_FIRST, pillow
from wakeling.data.decode import shrink
from wakeling.errors import TargetError
from wakeling.export.c.camera import (
    FORMATS,
    CameraSetup,
    Crop,
    check_pixel_input,
    frame_to_input,
    luma,
    parse_camera,
    planes_of,
)
from wakeling.export.c.camera_layout import layout_of
from wakeling.export.c.resampling import bilinear, is_down_first
from wakeling.graph import Graph
from wakeling.ops import ElementType
from wakeling.quantize import golden

UNPACKERS = (
    None,
    "wk_unpack_rgb565",
    "wk_unpack_rgb565be",
    "wk_unpack_yuyv",
    "wk_unpack_uyvy",
    "wk_unpack_yuyv_gray",
    "wk_unpack_uyvy_gray",
)

Case = tuple[CameraSetup, tuple[int, int, int], ElementType, int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A camera, an input's shape and type, and a seed for the frame."""
    name = draw(st.sampled_from(sorted(FORMATS)))
    width, height = draw(st.integers(1, 90)), draw(st.integers(1, 90))
    width += width % 2
    crop = None
    if draw(st.booleans()):
        columns, rows = draw(st.integers(1, width)), draw(st.integers(1, height))
        left, top = draw(st.integers(0, width - columns)), draw(st.integers(0, height - rows))
        crop = Crop(left=left, top=top, width=columns, height=rows)
    shape = (draw(st.integers(1, 60)), draw(st.integers(1, 60)), draw(st.sampled_from([1, 3])))
    element: ElementType = draw(st.sampled_from(["int8", "uint8"]))
    camera = CameraSetup(format=name, width=width, height=height, crop=crop)
    return camera, shape, element, draw(st.integers(0, 1000))


def frame_of(camera: CameraSetup, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, camera.frame_bytes, np.uint8)
    return (noise if seed % 3 else (noise > 127).astype(np.uint8) * np.uint8(255)).tobytes()


@settings(max_examples=150, deadline=None)
@given(cases())
def test_frames_of_plain_bytes_become_what_photos_become(case: Case) -> None:
    """RGB888 and gray: Pillow's crop, the decoder's resize and gray, golden's way into the model."""
    camera, (height, width, channels), element, seed = case
    if camera.format not in ("rgb888", "gray8"):
        return
    part = camera.part
    if is_down_first(part.height, part.width, height, width) and not DOWN_FIRST:
        return
    frame = frame_of(camera, seed)
    pixels = np.frombuffer(frame, np.uint8).reshape(camera.height, camera.width, -1)
    picture = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0]).convert("RGB")
    cropped = picture.crop((part.left, part.top, part.left + part.width, part.top + part.height))
    if height == width:  # exactly what the training side calls
        expected = shrink(np.asarray(cropped), height, channels)
    else:
        small = pillow(np.asarray(cropped), height, width)
        expected = luma(small) if channels == 1 else small
    fed = golden.to_int8(expected) if element == "int8" else expected
    np.testing.assert_array_equal(frame_to_input(frame, camera, (height, width, channels), element), fed)


def test_gray_is_pillows_for_every_color() -> None:
    red, green, blue = np.meshgrid(*[np.arange(0, 256, 5, dtype=np.uint8)] * 3, indexing="ij")
    colors = np.stack([red, green, blue], axis=-1).reshape(-1, 52, 3)
    np.testing.assert_array_equal(luma(colors)[..., 0], np.asarray(Image.fromarray(colors).convert("L")))


def same_size(name: str, frame: bytes, width: int, height: int) -> np.ndarray:  # type: ignore[type-arg]
    camera = CameraSetup(format=name, width=width, height=height)
    return frame_to_input(frame, camera, (height, width, 3), "uint8")


def test_every_rgb565_value_is_the_nearest_of_eight_bits() -> None:
    words = np.arange(65536, dtype="<u2")
    got = same_size("rgb565", words.tobytes(), 256, 256).reshape(-1, 3)
    fields = np.stack([words >> 11, words >> 5 & 63, words & 31], axis=-1)
    exact = fields * 255 / np.array([31, 63, 31])
    assert np.abs(got - exact).max() < 1
    assert got.min() == 0
    assert got.max() == 255
    swapped = same_size("rgb565be", words.astype(">u2").tobytes(), 256, 256)
    np.testing.assert_array_equal(swapped.reshape(-1, 3), got)


def test_yuv_is_jpegs_full_range_to_half_a_step() -> None:
    """Against the real formula of ITU-R 601 as JFIF gives it, on all lumas and a grid of differences."""
    y, u, v = np.meshgrid(np.arange(256), np.arange(0, 256, 15), np.arange(0, 256, 15), indexing="ij")
    red = y + 1.402 * (v - 128)
    green = y - 0.344136286 * (u - 128) - 0.714136286 * (v - 128)
    blue = y + 1.772 * (u - 128)
    exact = np.stack([red, green, blue], axis=-1).reshape(-1, 3).clip(0, 255)
    pair = np.stack([y, u, y, v], axis=-1).astype(np.uint8)
    width, height = 2 * 18 * 18, 256
    got = same_size("yuyv", pair.tobytes(), width, height).reshape(-1, 2, 3)
    np.testing.assert_array_equal(got[:, 0], got[:, 1])
    assert np.abs(got[:, 0] - exact).max() < 0.51
    swapped = pair[..., [1, 0, 3, 2]]
    np.testing.assert_array_equal(same_size("uyvy", swapped.tobytes(), width, height).reshape(-1, 2, 3), got)


def test_a_gray_model_takes_the_luma_of_a_yuv_camera() -> None:
    frame = np.arange(4 * 6 * 2, dtype=np.uint8)
    camera = CameraSetup(format="uyvy", width=6, height=4)
    got = frame_to_input(frame.tobytes(), camera, (4, 6, 1), "uint8")
    np.testing.assert_array_equal(got[..., 0], frame[1::2].reshape(4, 6))


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("camera") / "driver"
    sources = [Path(__file__).with_name("camera_driver.c"), *sorted(RUNTIME.glob("wk_camera*.c"))]
    return build(sources, program, flags=[f"-I{RUNTIME}"])


def job(case: Case, *, by_rows: bool, gap: int) -> bytes:
    """What the driver reads: the layout, its tables, and the frame with `gap` bytes after each row."""
    camera, shape, element, seed = case
    layout = layout_of(camera, shape, element)
    numbers = [value for value in layout.fields.values() if isinstance(value, int)]
    unpack = layout.fields["unpack"]
    assert unpack is None or isinstance(unpack, str)
    tables = layout.tables
    numbers += [
        UNPACKERS.index(unpack),
        camera.row_bytes + gap,
        camera.height,
        layout.memory_bytes,
        *(
            tables[f"{axis}_{part}"].values.size
            for axis in ("across", "down")
            for part in ("first", "weights")
        ),
        int(by_rows),
    ]
    rows = np.frombuffer(frame_of(camera, seed), np.uint8).reshape(camera.height, -1)
    frame = np.pad(rows, ((0, 0), (0, gap)), constant_values=99)
    parts = [np.asarray(numbers, np.int32), *(table.values for table in tables.values()), frame]
    return b"".join(part.tobytes() for part in parts)


@settings(max_examples=25, deadline=None)
@given(st.lists(cases(), min_size=8, max_size=16), st.booleans(), st.integers(0, 5))
def test_the_c_code_computes_what_the_twin_computes(
    driver: Path, several: list[Case], by_rows: bool, gap: int
) -> None:
    """All formats, crops, sizes up and down, whole frames and single rows, watched by the sanitizers."""
    got = run(driver, b"".join(job(case, by_rows=by_rows, gap=gap) for case in several))
    for camera, shape, element, seed in several:
        expected = frame_to_input(frame_of(camera, seed), camera, shape, element).tobytes()
        assert got[: len(expected)] == expected, (camera, shape, element, seed)
        got = got[len(expected) :]
    assert got == b""


def test_real_cameras_and_every_unpacker_reach_the_twins_bits(driver: Path) -> None:
    """QVGA, QQVGA and VGA to common inputs, and tall crops that are resized down first."""
    several: list[Case] = []
    for name in FORMATS:
        for width, height, crop in (
            (320, 240, None),
            (160, 120, Crop(left=21, top=3, width=117, height=117)),
            (640, 480, Crop(left=80, top=0, width=479, height=480)),
            (320, 240, Crop(left=1, top=0, width=31, height=240)),
        ):
            camera = CameraSetup(format=name, width=width, height=height, crop=crop)
            several += [(camera, (96, 96, 1), "int8", 1), (camera, (40, 96, 3), "uint8", 2)]
    assert {layout_of(*case[:3]).fields["unpack"] for case in several} == set(UNPACKERS)
    got = run(driver, b"".join(job(case, by_rows=False, gap=0) for case in several))
    expected = [frame_to_input(frame_of(case[0], case[3]), *case[:3]).tobytes() for case in several]
    assert got == b"".join(expected)


def test_the_memory_is_a_few_resized_rows_and_one_unpacked_row() -> None:
    """QVGA in color to 96x96x3: five kept rows of 96 pixels, one row of 320."""
    camera = CameraSetup(format="rgb565", width=320, height=240)
    assert layout_of(camera, (96, 96, 3), "int8").memory_bytes == 5 * 96 * 3 + 320 * 3
    gray = CameraSetup(format="gray8", width=320, height=240)
    assert layout_of(gray, (96, 96, 1), "int8").memory_bytes == 5 * 96 + 96
    assert planes_of(CameraSetup(format="yuyv", width=320, height=240), 1) == 1


def test_the_documented_memories_and_tables_are_those_of_the_code() -> None:
    text = (Path(__file__).parents[3] / "docs" / "explanation" / "camera-to-tensor.md").read_text()
    rows = re.findall(r"^\| `(\S+:\S+)` \| (\d+)×(\d+)×(\d) \| ([\d,]+) \|", text, re.MULTILINE)
    assert len(rows) == 9
    for camera, height, width, channels, memory in rows:
        layout = layout_of(parse_camera(camera), (int(height), int(width), int(channels)), "int8")
        assert f"{layout.memory_bytes:,}" == memory, camera
    qvga = layout_of(parse_camera("rgb565:320x240"), (96, 96, 3), "int8")
    stored = sum(table.flash_bytes for table in qvga.tables.values())
    axes = (bilinear(320, 96), bilinear(240, 96))
    apart = sum(4 * len(weights) + 4 for axis in axes for weights in axis.weights)
    assert f"take {stored:,} bytes instead of {apart / 1024:.1f} KiB" in " ".join(text.split())
    assert {name for name in FORMATS if f"| `{name}` |" in text} == set(FORMATS)


def test_cameras_are_written_as_people_write_them() -> None:
    assert parse_camera("rgb565:320x240") == CameraSetup(format="rgb565", width=320, height=240)
    centered = parse_camera("gray8:320x240:crop=240x200")
    assert centered.part == Crop(left=40, top=20, width=240, height=200)
    placed = parse_camera("gray8:320x240:crop=240x200+3+40")
    assert placed.part == Crop(left=3, top=40, width=240, height=200)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rgb565", "write FORMAT:WIDTHxHEIGHT"),
        ("rgb556:320x240", "known: rgb565"),
        ("rgb565:0x240", "each side is 1 to 4096"),
        ("yuyv:321x240", "a width of 321 is odd"),
        ("gray8:320x240:crop=321x240", "not inside the frame"),
        ("gray8:320x240:crop=320x240+1+0", "not inside the frame"),
        ("gray8:320x240:crop=0x10", "not inside the frame"),
        ("gray8:٣x4", "write FORMAT:WIDTHxHEIGHT"),
    ],
)
def test_a_camera_that_cannot_be_is_one_line(text: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_camera(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "element", "message"),
    [
        ((8, 8, 2), "int8", "8x8x2; a camera gives height x width x 1 or 3"),
        ((8,), "int8", "the shape 8; a camera"),
        ((8, 8, 3), "float32", "is float32 and does not say what a pixel becomes"),
        ((5000, 8, 1), "int8", "at most 4096"),
    ],
)
def test_an_input_that_takes_no_frames_is_one_line(
    shape: tuple[int, ...], element: ElementType, message: str
) -> None:
    graph = Graph(name="any", input_shape=shape, nodes=(), output="input", input_type=element)
    with pytest.raises(TargetError) as caught:
        check_pixel_input(graph)
    assert message in str(caught.value)
