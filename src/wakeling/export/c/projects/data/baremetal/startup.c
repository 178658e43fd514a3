/* Vector table and reset: memory is set up as C wants it, then main runs. */
#include "semihosting.h"

extern uint32_t stack_top, data_load, data_start, data_end, bss_start, bss_end;

int main(void);
void reset(void);

static void fault(void) {
    print("FAIL: a fault of the processor\n");
    leave(1);
}

void reset(void) {
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: switch on the floating-point unit and Helium */
    __asm__ volatile("dsb\n isb" ::: "memory");
#endif
    const volatile uint32_t *from = &data_load;
    for (volatile uint32_t *to = &data_start; to < &data_end; to++, from++) {
        *to = *from;
    }
    for (volatile uint32_t *to = &bss_start; to < &bss_end; to++) {
        *to = 0;
    }
    leave(main());
}

typedef void (*handler)(void);

/* Only the core's own exceptions: nothing here uses interrupts but the timer. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler handlers[15];
} vectors = {
    &stack_top,
    {reset, fault, fault, fault, fault, fault, fault, 0, 0, 0, fault, fault, 0, fault, count_period},
};
