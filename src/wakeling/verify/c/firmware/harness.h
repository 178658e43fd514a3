/* What the test program wants of its surroundings: an emulator, a semihosting host, or a computer.
 *
 * The model under test is built with the prefix `model`. Code and data of the program itself are kept
 * in sections of their own, so that they are counted neither as flash nor as RAM of the model.
 */
#ifndef WAKELING_HARNESS_H
#define WAKELING_HARNESS_H

#include <stdint.h>

#ifdef HARNESS_SECTIONS
#define HARNESS_CODE __attribute__((section(".harness_text"), noinline, used))
#define HARNESS_CONSTANT __attribute__((section(".harness_rodata")))
#define HARNESS_DATA __attribute__((section(".harness_bss")))
#else
#define HARNESS_CODE
#define HARNESS_CONSTANT
#define HARNESS_DATA
#endif

/* Exit codes of the test program. */
enum { HARNESS_PASSED = 0, HARNESS_NO_INIT = 2, HARNESS_GUARD_BROKEN = 3, HARNESS_FAULT = 4, HARNESS_NO_FILES = 5 };

/* Called once before all others. */
void harness_prepare(void);

/* Writes the next input; returns 0 when there is none. */
int32_t harness_next(void *input, uint32_t bytes);

/* Around a run: instructions are counted and the stack is watched in between. */
void harness_start(void);
void harness_stop(void);

/* What the run made. */
void harness_output(const void *output, uint32_t bytes);

/* What the generated code calls after each layer where WAKELING_TRACE is defined. Not counted. */
void wakeling_trace(int32_t layer, const void *output, uint32_t bytes);

/* Ends the program; does not return. */
void harness_exit(int32_t code);

int main(void);

#endif
