"""What a project is made of: the model's C, its camera, its decision, its self-test; and their use in C.

The texts of each kind of project are in the other files here.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from wakeling.errors import TargetError
from wakeling.export.c.camera import CameraSetup
from wakeling.export.c.compile import CompiledModel
from wakeling.export.c.decision import Decision
from wakeling.export.c.emit.camera import CameraCode, camera_code
from wakeling.export.c.emit.decision import decision_files
from wakeling.export.c.emit.selftest import selftest_files
from wakeling.export.c.emit.text import own_names
from wakeling.export.c.sample import Sample


@dataclass(frozen=True, kw_only=True, eq=False)
class Firmware:
    """A compiled model and what goes with it; `camera` and `decision` may be left out.

    `sample` is the test picture, `content` the model as a .tflite file (only the TFLM variant needs it).
    """

    compiled: CompiledModel
    sample: Sample
    content: bytes
    camera: CameraSetup | None = None
    decision: Decision | None = None

    @property
    def name(self) -> str:
        """The prefix of all names."""
        return self.compiled.about.name

    @functools.cached_property
    def camera_code(self) -> CameraCode | None:
        """The camera's C; raises TargetError where the model takes no frames."""
        if self.camera is None:
            return None
        graph, plan = self.compiled.program.lowering.graph, self.compiled.plan
        return camera_code(graph, plan, self.camera, self.name)

    @functools.cached_property
    def sources(self) -> dict[str, str]:
        """All C files by their names; raises TargetError where two of them have one name."""
        about = self.compiled.about
        parts = [
            self.compiled.files,
            self.camera_code.files if self.camera_code else {},
            decision_files(about, self.decision) if self.decision else {},
            selftest_files(about, self.sample),
        ]
        found: dict[str, str] = {}
        for part in parts:
            for name, text in part.items():
                if name in found:
                    raise TargetError(f"two generated files are called {name}; choose another --name")
                found[name] = text
        return found

    @property
    def c_files(self) -> list[str]:
        """The names of the C sources, without headers."""
        return sorted(name for name in self.sources if name.endswith(".c"))

    def use(self) -> dict[str, str]:
        """C for a main loop with the model's own names: `include`, `declare`, `begin` (once), `look`."""
        includes = ["wk.h"]
        declared = ["static wk_t model;"]
        begin = ["wk_init(&model, NULL, 0);"]
        look = []
        code = self.camera_code
        if code is None:
            look.append("fill(wk_input(&model)); /* your function: WK_INPUT_BYTES bytes */")
        else:
            includes.append("wk_camera_setup.h")
            declared.append("static wk_camera_t camera;")
            memory = "NULL, 0"
            if code.arena_offset is None:
                declared.append("static uint8_t rows[WK_CAMERA_MEMORY_BYTES];")
                memory = "rows, sizeof rows"
            begin.append(f"wk_camera_init(&camera, &model, {memory});")
            look.append("wk_camera_frame(&camera, frame, WK_CAMERA_ROW_BYTES);")
        look.append("wk_run(&model);")
        if self.decision is None:
            look.append("use(wk_output(&model)); /* your function */")
        else:
            includes.append("wk_decision_setup.h")
            declared.append("static wk_decision_t decision;")
            begin.append("wk_decision_init(&decision);")
            look.append("if (wk_decide(&decision, &model) == WK_APPEARED) {")
            look.append("    wake_up(); /* your function */")
            look.append("}")
        lines = {
            "include": [f'#include "{name}"' for name in includes],
            "declare": declared,
            "begin": begin,
            "look": look,
        }
        return {
            key: own_names("\n".join(value).replace('"wk.h"', f'"{self.name}.h"'), self.name)
            for key, value in lines.items()
        }
