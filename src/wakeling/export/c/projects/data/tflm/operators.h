/* The operators of this model, and no others, for TensorFlow Lite Micro; and its arena. */
#ifndef WK_OPERATORS_H
#define WK_OPERATORS_H

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

/* Bytes of the tensor arena: modelled as @PLANNED@ for a 32-bit core with @KERNELS@, rounded up to whole KiB. */
constexpr int wk_arena_bytes = @ARENA@;

constexpr int wk_operator_count = @COUNT@;

inline TfLiteStatus wk_add_operators(tflite::MicroMutableOpResolver<wk_operator_count>& resolver) {
    @METHODS@
    return kTfLiteOk;
}

#endif
