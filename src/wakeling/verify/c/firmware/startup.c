/* Vector table and reset for a Cortex-M: memory is set up as C wants it, then main runs. */
#include "harness.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

void reset(void);

HARNESS_CODE static void fault(void) {
    harness_exit(HARNESS_FAULT);
    for (;;) {
    }
}

HARNESS_CODE void reset(void) {
    const volatile uint32_t *from = &data_load;
    for (volatile uint32_t *to = &data_start; to < &data_end; to++, from++) {
        *to = *from;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    harness_exit(main());
    for (;;) {
    }
}

/* Defined where the harness counts time; a fault like any other elsewhere. */
__attribute__((weak)) void harness_tick(void);

typedef void (*handler)(void);

/* Nothing here has interrupts but the timer, so the table ends with the core's own exceptions. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler handlers[15];
} vectors = {
    &stack_top,
    {reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, harness_tick},
};
