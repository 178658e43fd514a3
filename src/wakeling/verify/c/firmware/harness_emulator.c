/* The harness for an emulator that stops at these functions and does their work itself. */
#include "harness.h"

HARNESS_CODE void harness_prepare(void) { __asm__ volatile(""); }

/* The emulator leaves its answer in r0, which is where it is returned. */
HARNESS_CODE int32_t harness_next(void *input, uint32_t bytes) {
    register int32_t found __asm__("r0");
    (void)input;
    (void)bytes;
    __asm__ volatile("" : "=r"(found) : : "memory");
    return found;
}

HARNESS_CODE void harness_start(void) { __asm__ volatile("" ::: "memory"); }

HARNESS_CODE void harness_stop(void) { __asm__ volatile("" ::: "memory"); }

HARNESS_CODE void harness_output(const void *output, uint32_t bytes) {
    __asm__ volatile("" ::"r"(output), "r"(bytes) : "memory");
}

HARNESS_CODE void wakeling_trace(int32_t layer, const void *output, uint32_t bytes) {
    __asm__ volatile("" ::"r"(layer), "r"(output), "r"(bytes) : "memory");
}

HARNESS_CODE void harness_exit(int32_t code) {
    __asm__ volatile("" ::"r"(code) : "memory");
}
