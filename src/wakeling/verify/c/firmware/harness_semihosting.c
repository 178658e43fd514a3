/* The harness for a board whose debugger or emulator serves files by semihosting.
 *
 * Inputs are read from input.bin. A record of 16 bytes goes to record.bin for each layer and each run,
 * with the bytes that were computed behind it. Time is the SysTick timer's, in ticks of the processor
 * clock; with QEMU's -icount a tick stands for a fixed number of instructions.
 */
#include "harness.h"

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { READ_BINARY = 1, WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };
enum { STACK_BYTES = 65536, FRAME_BYTES = 64 };
#define PAINT 0xC5C5C5C5u
#define TIMER_PERIOD 0x1000000u

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define COPROCESSOR_ACCESS (*(volatile uint32_t *)0xE000ED88u)

typedef struct {
    int32_t layer; /* -1: the output of a run */
    uint32_t bytes;
    uint32_t ticks; /* since the record before, or of the run */
    uint32_t stack_bytes;
} record;

static uint32_t input_file HARNESS_DATA, record_file HARNESS_DATA;
static volatile uint32_t periods HARNESS_DATA;
static uint32_t last HARNESS_DATA, run_ticks HARNESS_DATA, run_stack_bytes HARNESS_DATA;
static uint32_t stack_pointer HARNESS_DATA;

HARNESS_CODE static uint32_t semihosting(uint32_t operation, const void *block) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

HARNESS_CODE static uint32_t open_file(const char *name, uint32_t length, uint32_t mode) {
    const uint32_t block[3] = {(uint32_t)(uintptr_t)name, mode, length};
    return semihosting(SYS_OPEN, block);
}

HARNESS_CODE static void put(const void *bytes, uint32_t count) {
    const uint32_t block[3] = {record_file, (uint32_t)(uintptr_t)bytes, count};
    if (semihosting(SYS_WRITE, block) != 0) {
        harness_exit(HARNESS_NO_FILES);
    }
}

HARNESS_CODE void harness_tick(void);
HARNESS_CODE void harness_tick(void) { periods++; }

/* Ticks since the timer was started, modulo 2^32; it counts down and starts over every 2^24. */
HARNESS_CODE static uint32_t now(void) {
    uint32_t before, value;
    do {
        before = periods;
        value = SYSTICK_VALUE;
    } while (before != periods);
    return before * TIMER_PERIOD + (TIMER_PERIOD - 1u - value);
}

HARNESS_CODE void harness_prepare(void) {
    static const char input_name[] HARNESS_CONSTANT = "input.bin";
    static const char record_name[] HARNESS_CONSTANT = "record.bin";
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    COPROCESSOR_ACCESS |= 0xFu << 20;
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    input_file = open_file(input_name, sizeof input_name - 1, READ_BINARY);
    record_file = open_file(record_name, sizeof record_name - 1, WRITE_BINARY);
    if (input_file == UINT32_MAX || record_file == UINT32_MAX) {
        harness_exit(HARNESS_NO_FILES);
    }
    SYSTICK_RELOAD = TIMER_PERIOD - 1u;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7; /* on, with its exception, at the processor's clock */
}

HARNESS_CODE int32_t harness_next(void *input, uint32_t bytes) {
    const uint32_t block[3] = {input_file, (uint32_t)(uintptr_t)input, bytes};
    return semihosting(SYS_READ, block) == 0;
}

HARNESS_CODE void harness_start_at(uint32_t here);
HARNESS_CODE void harness_start_at(uint32_t here) {
    stack_pointer = here;
    for (uint32_t address = here - STACK_BYTES; address < here - FRAME_BYTES; address += 4) {
        *(volatile uint32_t *)(uintptr_t)address = PAINT;
    }
    run_ticks = 0;
    last = now();
}

/* Without a frame of its own: the stack is measured from its caller's. */
__attribute__((naked)) HARNESS_CODE void harness_start(void) {
    __asm__ volatile("mov r0, sp\n b harness_start_at");
}

HARNESS_CODE void wakeling_trace(int32_t layer, const void *output, uint32_t bytes) {
    const record header = {layer, bytes, now() - last, 0};
    run_ticks += header.ticks;
    put(&header, sizeof header);
    put(output, bytes);
    last = now();
}

HARNESS_CODE void harness_stop(void) {
    run_ticks += now() - last;
    uint32_t address = stack_pointer - STACK_BYTES;
    while (address < stack_pointer && *(volatile uint32_t *)(uintptr_t)address == PAINT) {
        address += 4;
    }
    run_stack_bytes = stack_pointer - address;
}

HARNESS_CODE void harness_output(const void *output, uint32_t bytes) {
    const record header = {-1, bytes, run_ticks, run_stack_bytes};
    put(&header, sizeof header);
    put(output, bytes);
}

HARNESS_CODE void harness_exit(int32_t code) {
    const uint32_t file[1] = {record_file};
    const uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)code};
    (void)semihosting(SYS_CLOSE, file);
    (void)semihosting(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}
