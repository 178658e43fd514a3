/* Runs the model on its test picture under TensorFlow Lite Micro and prints PASS or FAIL. */
#include <cstdint>
#include <cstring>

#include "@ARRAY@.h"
#include "wk_operators.h"
#include "wk_test_picture.h"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_log.h"
#include "tensorflow/lite/micro/system_setup.h"
#include "tensorflow/lite/schema/schema_generated.h"

alignas(16) static uint8_t arena[wk_arena_bytes];

int main() {
    tflite::InitializeTarget();
    static tflite::MicroMutableOpResolver<wk_operator_count> resolver;
    if (wk_add_operators(resolver) != kTfLiteOk) {
        MicroPrintf("FAIL: an operator could not be added");
        return 1;
    }
    static tflite::MicroInterpreter interpreter(tflite::GetModel(@ARRAY@), resolver, arena, wk_arena_bytes);
    if (interpreter.AllocateTensors() != kTfLiteOk) {
        MicroPrintf("FAIL: the arena is too small, or an operator is missing");
        return 1;
    }
    std::memcpy(interpreter.input(0)->data.raw, wk_test_picture, sizeof wk_test_picture);
    if (interpreter.Invoke() != kTfLiteOk) {
        MicroPrintf("FAIL: an operator failed");
        return 1;
    }
    const bool same = std::memcmp(interpreter.output(0)->data.raw, wk_test_output, sizeof wk_test_output) == 0;
    MicroPrintf("%u bytes of the arena used", static_cast<unsigned>(interpreter.arena_used_bytes()));
    MicroPrintf(same ? "PASS" : "FAIL");
    return same ? 0 : 1;
}
