/* Runs the model on every input that the harness has, in an arena between guard bytes. */
#include "harness.h"
#include "model.h"

enum { GUARD_BYTES = 64, PAINT = 0xA5 };

static model_t model HARNESS_DATA;

#ifdef HARNESS_HEAP
/* Memory of its own, around which an address sanitizer sees reads as well. */
#include <stdlib.h>

static void *prepare_arena(void) { return malloc(MODEL_ARENA_BYTES); }

static int32_t guards_are_whole(void) { return 1; }
#else
/* The guards touch the arena: one byte too many is seen. */
static union {
    uint8_t bytes[GUARD_BYTES + MODEL_ARENA_BYTES + GUARD_BYTES];
    int64_t aligned;
} memory HARNESS_DATA;

HARNESS_CODE static void *prepare_arena(void) {
    volatile uint8_t *const bytes = memory.bytes;
    for (uint32_t i = 0; i < sizeof memory.bytes; i++) {
        bytes[i] = PAINT;
    }
    return memory.bytes + GUARD_BYTES;
}

HARNESS_CODE static int32_t guards_are_whole(void) {
    const volatile uint8_t *const bytes = memory.bytes;
    for (uint32_t i = 0; i < GUARD_BYTES; i++) {
        if (bytes[i] != PAINT || bytes[GUARD_BYTES + MODEL_ARENA_BYTES + i] != PAINT) {
            return 0;
        }
    }
    return 1;
}
#endif

HARNESS_CODE int main(void) {
    void *const arena = prepare_arena();
    harness_prepare();
    if (model_init(&model, arena, MODEL_ARENA_BYTES) != 0) {
        return HARNESS_NO_INIT;
    }
    while (harness_next(model_input(&model), MODEL_INPUT_BYTES)) {
        harness_start();
        model_run(&model);
        harness_stop();
        if (!guards_are_whole()) {
            return HARNESS_GUARD_BROKEN;
        }
        harness_output(model_output(&model), MODEL_OUTPUT_BYTES);
    }
    return HARNESS_PASSED;
}
