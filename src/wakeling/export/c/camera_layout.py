"""What the C of a camera is given: sizes and tables, the members of a `wk_camera_layout`.

The tables' numbers come from `export.c.resampling`; the text is made in `export.c.emit.camera`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from wakeling.errors import TargetError
from wakeling.export.c.camera import FORMATS, CameraSetup, planes_of
from wakeling.export.c.program import Array, Field
from wakeling.export.c.resampling import Axis, bilinear, is_down_first
from wakeling.ops import ElementType

_MOST_WEIGHTS = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraLayout:
    """The structure's members, the tables among them by their names, and RAM for the kept rows."""

    fields: Mapping[str, Field]
    tables: Mapping[str, Array]
    memory_bytes: int


def layout_of(camera: CameraSetup, shape: tuple[int, int, int], element: ElementType) -> CameraLayout:
    """From a camera's frames to an input of (height, width, channels)."""
    height, width, channels = shape
    chosen, part, planes = FORMATS[camera.format], camera.part, planes_of(camera, channels)
    unpack = chosen.unpack if planes == 3 else chosen.unpack_gray
    across, down = bilinear(part.width, width), bilinear(part.height, height)
    down_first = is_down_first(part.height, part.width, height, width)
    # A ring of rows, one row (unpacked, or made of the ring), and what that becomes with down_first.
    kept = (part.width if down_first else width) * planes
    unpacked = 0 if unpack is None or down_first else part.width * planes
    memory_bytes = down.ring * kept + max(kept, unpacked) + (width * planes if down_first else 0)
    tables = {**_tables("across", across), **_tables("down", down)}
    fields: dict[str, Field] = {
        "bytes_per_pixel": chosen.bytes_per_pixel,
        "planes": planes,
        "left": part.left,
        "top": part.top,
        "columns": part.width,
        "rows": part.height,
        "height": height,
        "width": width,
        "channels": channels,
        "ring": down.ring,
        "down_first": int(down_first),
        "flip": 0x80 if element == "int8" else 0,
        "unpack": unpack,
    }
    for axis in ("across", "down"):
        fields[axis] = {
            member: tables[f"{axis}_{member}"] for member in ("first", "count", "start", "weights")
        }
    return CameraLayout(fields=fields, tables=tables, memory_bytes=memory_bytes)


def _tables(name: str, axis: Axis) -> dict[str, Array]:
    weights, starts = axis.packed()
    if len(weights) > _MOST_WEIGHTS:
        raise TargetError(
            f"a resize from {axis.size} to {len(axis.first)} pixels has {len(weights)} weights; at most "
            f"{_MOST_WEIGHTS} are possible; crop the frame, or use a camera of fewer pixels"
        )

    def places(values: tuple[int, ...]) -> Array:
        return Array(type="uint16_t", values=np.asarray(values, np.uint16))

    return {
        f"{name}_first": places(axis.first),
        f"{name}_count": places(tuple(map(len, axis.weights))),
        f"{name}_start": places(starts),
        f"{name}_weights": Array(type="uint32_t", values=np.asarray(weights, np.uint32)),
    }
