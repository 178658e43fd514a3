"""The variant for TensorFlow Lite Micro: the file as a C array, its operators, its arena, a program.

For those who keep their interpreter. Nothing of the generated C is in it.
"""

from __future__ import annotations

import math

from wakeling.cost.memory import tflm as tflm_plan
from wakeling.cost.memory.tflm_structures import Kernels
from wakeling.export import c_array
from wakeling.export.c.emit.run import C_TYPES
from wakeling.export.c.emit.selftest import arrays
from wakeling.export.c.emit.text import own_names
from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.template import filled
from wakeling.export.c.targets import TARGETS
from wakeling.export.model_file import only_subgraph
from wakeling.export.read_file import read_model_file
from wakeling.export.tflm_resolver import resolver_methods
from wakeling.units import KIB

_ANY_CPU = "cortex-m4"
"""What the README's commands build for where the target is any core."""


def tflm(firmware: Firmware) -> dict[str, bytes]:
    """The files to add to a project that has TensorFlow Lite Micro.

    Raises UnsupportedOpError for an operator that TFLM's resolver is not known to bring, ModelFileError
    where the .tflite file cannot be read.
    """
    about = firmware.compiled.about
    operators = only_subgraph(read_model_file(firmware.content)).operators
    methods = resolver_methods(operator.name for operator in operators)
    target = TARGETS[about.target]
    kernels: Kernels = "cmsis-nn-mve" if "mve" in target.features else "cmsis-nn"
    arena_bytes = tflm_plan(firmware.compiled.original.graph, kernels=kernels).peak_bytes
    cpu = target.cpu or _ANY_CPU
    array = f"{firmware.name}_data"
    header, source = c_array.render(firmware.content, array)
    values = {
        "METHODS": "\n".join(
            f"if (resolver.{method}() != kTfLiteOk) return kTfLiteError;" for method in methods
        ),
        "COUNT": str(len(methods)),
        "ARENA": str(math.ceil(arena_bytes / KIB) * KIB),
        "PLANNED": str(arena_bytes),
        "CPU": cpu,
        "ARCHITECTURE": f"{cpu}{'+fp' if cpu in ('cortex-m4', 'cortex-m7') else ''}",
        "KERNELS": kernels.replace("cmsis-nn-mve", "CMSIS-NN on Helium").replace("cmsis-nn", "CMSIS-NN"),
        "ARRAY": array,
        "FILE_BYTES": str(len(firmware.content)),
        "INPUT_TYPE": C_TYPES[about.input.element],
        "OUTPUT_TYPE": C_TYPES[about.output.element],
        "INPUT_VALUES": str(about.input.values),
        "OUTPUT_VALUES": str(about.output.values),
        "OPERATORS": ", ".join(dict.fromkeys(operator.name for operator in operators)),
    }
    picture = f'#include "wk_test_picture.h"\n\n{arrays(about, firmware.sample)}'
    return {
        f"{array}.h": header.encode(),
        f"{array}.c": source.encode(),
        f"{firmware.name}_operators.h": filled("tflm/operators.h", firmware, values),
        f"{firmware.name}_test_picture.h": filled("tflm/test_picture.h", firmware, values),
        f"{firmware.name}_test_picture.c": own_names(picture, firmware.name).encode(),
        "main.cc": filled("tflm/main.cc", firmware, values),
        "README.md": filled("tflm/README.md", firmware, values),
    }
