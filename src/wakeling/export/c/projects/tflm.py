"""The variant for TensorFlow Lite Micro: the file as a C array, its operators, its arena, a program.

For those who keep their interpreter. Nothing of the generated C is in it.
"""

from __future__ import annotations

import math

from wakeling.cost.memory import PLANNERS
from wakeling.export import c_array
from wakeling.export.c.emit.run import C_TYPES
from wakeling.export.c.emit.selftest import arrays
from wakeling.export.c.emit.text import own_names
from wakeling.export.c.projects.firmware import Firmware
from wakeling.export.c.projects.template import filled
from wakeling.export.model_file import only_subgraph
from wakeling.export.read_file import read_model_file
from wakeling.export.tflm_resolver import resolver_methods
from wakeling.units import KIB


def tflm(firmware: Firmware) -> dict[str, bytes]:
    """The files to add to a project that has TensorFlow Lite Micro.

    Raises UnsupportedOpError for an operator that TFLM's resolver is not known to bring, ModelFileError
    where the .tflite file cannot be read.
    """
    about = firmware.compiled.about
    operators = only_subgraph(read_model_file(firmware.content)).operators
    methods = resolver_methods(operator.name for operator in operators)
    arena_bytes = PLANNERS["tflm"](firmware.compiled.original.graph).peak_bytes
    array = f"{firmware.name}_data"
    header, source = c_array.render(firmware.content, array)
    values = {
        "METHODS": "\n".join(
            f"if (resolver.{method}() != kTfLiteOk) return kTfLiteError;" for method in methods
        ),
        "COUNT": str(len(methods)),
        "ARENA": str(math.ceil(arena_bytes / KIB) * KIB),
        "PLANNED": str(arena_bytes),
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
