"""The C of a model's camera: tables of the resize, sizes, and where the kept rows lie.

What the tables are is in `export.c.resampling`; the code that reads them is `runtime/wk_camera.c`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as resources

from wakeling.cost.memory import MemoryPlan
from wakeling.export.c.camera import FORMATS, CameraSetup, check_pixel_input
from wakeling.export.c.camera_layout import CameraLayout, layout_of
from wakeling.export.c.emit.text import initializer, numbers, own_names
from wakeling.graph import INPUT, Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraCode:
    """C files by their names (with the prefix `wk`), and what they cost.

    `memory_bytes` is RAM for the kept rows; `arena_offset` is where in the arena they may lie beside
    the input (None: there is no room), `table_bytes` flash of the tables.
    """

    files: Mapping[str, str]
    memory_bytes: int
    arena_offset: int | None
    table_bytes: int


def camera_code(graph: Graph, plan: MemoryPlan, camera: CameraSetup, name: str) -> CameraCode:
    """The C that turns the camera's frames into the input of the model called `name`.

    Raises TargetError, one line, for an input that is no picture of bytes.
    """
    check_pixel_input(graph)
    height, width, channels = graph.input_shape
    layout = layout_of(camera, (height, width, channels), graph.input_type)
    memory_bytes = layout.memory_bytes
    offset = _room(plan, graph, memory_bytes)
    texts = {
        "wk_camera_setup.h": _header(camera, graph, name, memory_bytes, offset),
        "wk_camera_setup.c": _source(layout, offset),
    }
    source = FORMATS[camera.format].source
    needed = () if layout.fields["unpack"] is None or source is None else (source,)
    for file in ("wk_camera.h", "wk_camera.c", *needed):
        texts[file] = (resources("wakeling.export.c") / "runtime" / file).read_text("utf-8")
    return CameraCode(
        files={own_names(file, name): own_names(text, name) for file, text in texts.items()},
        memory_bytes=memory_bytes,
        arena_offset=offset,
        table_bytes=sum(array.flash_bytes for array in layout.tables.values()),
    )


def _room(plan: MemoryPlan, graph: Graph, memory_bytes: int) -> int | None:
    """Where in the arena, beside the input, so many bytes are free before a run."""
    begin = plan.offsets[INPUT]
    end = begin + graph.sizes[INPUT]
    if plan.peak_bytes - end >= memory_bytes:
        return end
    return 0 if begin >= memory_bytes else None


def _header(camera: CameraSetup, graph: Graph, name: str, memory_bytes: int, offset: int | None) -> str:
    part = camera.part
    used = (
        "whole"
        if part.width == camera.width and part.height == camera.height
        else f"of which {part.width}x{part.height} from column {part.left} and row {part.top}"
    )
    becomes = "x".join(map(str, graph.input_shape))
    where = (
        " * NULL stands for the part of the arena beside the input, which is free until the model runs (it\n"
        " * may hold the output of the last run: read that before the next frame).\n"
        if offset is not None
        else " * NULL is refused: the arena has no room for them beside the input.\n"
    )
    return f"""\
/* The camera of this model: {FORMATS[camera.format].title}; {camera.width}x{camera.height} pixels, {used},
 * become {becomes}.
 *
 *     static wk_camera_t camera;
 *     wk_camera_init(&camera, &model, {"NULL, 0" if offset is not None else "memory, sizeof memory"});
 *     wk_camera_frame(&camera, frame, WK_CAMERA_ROW_BYTES);
 *     wk_run(&model);
 *
 * or, where rows come one by one, wk_camera_begin and then wk_camera_row for each of them.
 */
#ifndef WK_CAMERA_SETUP_H
#define WK_CAMERA_SETUP_H

#include "{name}.h"
#include "wk_camera.h"

#ifdef __cplusplus
extern "C" {{
#endif

#define WK_CAMERA_FORMAT "{camera.format}"
#define WK_CAMERA_WIDTH {camera.width}
#define WK_CAMERA_HEIGHT {camera.height}
#define WK_CAMERA_ROW_BYTES {camera.row_bytes}
#define WK_CAMERA_FRAME_BYTES {camera.frame_bytes}

/* RAM for the rows that are kept while a frame is resized. */
#define WK_CAMERA_MEMORY_BYTES {memory_bytes}

/* Frames go to the input of `model`. `memory` is `bytes` bytes for the kept rows, at any address.
{where} * Returns 0, or -1 where the memory does not do. */
int wk_camera_init(wk_camera_t *camera, wk_t *model, void *memory, size_t bytes);

#ifdef __cplusplus
}}
#endif

#endif
"""


def _source(layout: CameraLayout, offset: int | None) -> str:
    names = {id(array): key for key, array in layout.tables.items()}
    defined = "\n\n".join(
        f"static const {array.type} {key}[{array.values.size}] = {{\n{numbers(array)}\n}};"
        for key, array in layout.tables.items()
    )
    beside = (
        ""
        if offset is None
        else f"""\
    if (memory == NULL) {{
        memory = model->arena + {offset};
        bytes = WK_CAMERA_MEMORY_BYTES;
    }}
"""
    )
    return f"""\
#include "wk_camera_setup.h"

{defined}

static const wk_camera_layout layout = {{
{initializer(layout.fields, names)}
}};

int wk_camera_init(wk_camera_t *camera, wk_t *model, void *memory, size_t bytes) {{
{beside}    if (memory == NULL || bytes < WK_CAMERA_MEMORY_BYTES) {{
        return -1;
    }}
    wk_camera_start(camera, &layout, wk_input(model), memory);
    return 0;
}}
"""
