/* The harness for a computer: inputs come from stdin, records go to stdout (see harness_semihosting.c). */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"

typedef struct {
    int32_t layer; /* -1: the output of a run */
    uint32_t bytes;
    uint32_t ticks, stack_bytes; /* not measured */
} record;

static void put(int32_t layer, const void *values, uint32_t bytes) {
    const record header = {layer, bytes, 0, 0};
    if (fwrite(&header, sizeof header, 1, stdout) != 1 || fwrite(values, 1, bytes, stdout) != bytes) {
        exit(HARNESS_NO_FILES);
    }
}

void harness_prepare(void) {}

int32_t harness_next(void *input, uint32_t bytes) { return fread(input, 1, bytes, stdin) == bytes; }

void harness_start(void) {}

void harness_stop(void) {}

void harness_output(const void *output, uint32_t bytes) { put(-1, output, bytes); }

void wakeling_trace(int32_t layer, const void *output, uint32_t bytes) { put(layer, output, bytes); }

void harness_exit(int32_t code) { exit(code); }
