"""The way to the board: code for TensorFlow Lite Micro, made from a `Deployment`.

Text only; nothing here reads the model. Labels are written into comments and are therefore
reduced to letters, digits and a few signs.
"""

from __future__ import annotations

import math
import re

from wakeling.export.tflm_resolver import resolver_methods
from wakeling.report.results import Deployment, TextBlock
from wakeling.units import KIB

SETUP = """\
#include "{header}"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

constexpr int kArenaBytes = {arena_bytes};  // {arena_note}
alignas(16) static uint8_t arena[kArenaBytes];

static tflite::MicroInterpreter* interpreter = nullptr;

bool wake_word_setup() {{
  static tflite::MicroMutableOpResolver<{operator_count}> resolver;
{operators}
  static tflite::MicroInterpreter instance(
      tflite::GetModel({symbol}), resolver, arena, kArenaBytes);
  interpreter = &instance;
  return instance.AllocateTensors() == kTfLiteOk;
}}
"""

LOOK = """\
// pixels: {height} x {width} x {channels} bytes, row by row, {color}.
// Returns 1 for "{wake_word}", 0 for not, -1 where the interpreter failed.
int wake_word_look(const uint8_t* pixels) {{
  int8_t* input = interpreter->input(0)->data.int8;
  for (int i = 0; i < {input_bytes}; ++i) {{
    input[i] = static_cast<int8_t>(pixels[i] - 128);
  }}
  if (interpreter->Invoke() != kTfLiteOk) return -1;
  // Output {wake_index} is "{wake_word}": probability = (value + 128) / 256.
  return interpreter->output(0)->data.int8[{wake_index}] >= {threshold};  // probability {probability}
}}
"""


def steps(deployment: Deployment) -> tuple[TextBlock, ...]:
    """Titled code: setting up the interpreter, looking at a picture, then the deployment's extras.

    Raises UnsupportedOpError for an operator that TFLM's resolver table here does not know.
    """
    height, width, channels = deployment.input_shape
    wake_word = plain_words(deployment.labels[-1])
    setup = SETUP.format(
        header=deployment.header,
        symbol=deployment.symbol,
        arena_bytes=reserved_bytes(deployment.arena_bytes),
        arena_note=f"{deployment.arena_provenance}: {deployment.arena_bytes}, rounded up",
        operator_count=len(set(deployment.operators)),
        operators="\n".join(f"  resolver.{method}();" for method in resolver_methods(deployment.operators)),
    )
    look = LOOK.format(
        height=height,
        width=width,
        channels=channels,
        color="gray" if channels == 1 else "red, green, blue",
        input_bytes=height * width * channels,
        wake_word=wake_word,
        wake_index=len(deployment.labels) - 1,
        threshold=int8_threshold(deployment.threshold),
        probability=f"{deployment.threshold:.3f}",
    )
    return (
        TextBlock(title="Set up once", text=setup),
        TextBlock(title="Look at a picture", text=look),
        *deployment.extra,
    )


def int8_threshold(probability: float) -> int:
    """The smallest int8 softmax output (scale 1/256, zero point −128) of at least `probability`.

    128, which no output reaches, for a probability above 255/256.
    """
    return min(128, max(-128, math.ceil(probability * 256) - 128))


def reserved_bytes(arena_bytes: int) -> int:
    """The arena to reserve: rounded up to a whole KiB, which leaves the alignment its room."""
    return math.ceil(arena_bytes / KIB) * KIB


def plain_words(text: str) -> str:
    """`text` reduced to what cannot end a comment or a line."""
    return re.sub(r"[^A-Za-z0-9 _.-]", "_", text)
