#include "semihosting.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define PERIOD 0x1000000u

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, APPLICATION_EXIT = 0x20026 };

static volatile uint32_t periods;

static uint32_t ask(uint32_t operation, const void *block) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = block;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void print(const char *text) { (void)ask(SYS_WRITE0, text); }

void print_number(int64_t number) {
    char digits[24];
    char *digit = digits + sizeof digits - 1;
    uint64_t rest = number < 0 ? 0u - (uint64_t)number : (uint64_t)number;
    *digit = 0;
    do {
        *--digit = (char)('0' + rest % 10u);
        rest /= 10u;
    } while (rest > 0);
    if (number < 0) {
        *--digit = '-';
    }
    print(digit);
}

void leave(int code) {
    const uint32_t block[2] = {APPLICATION_EXIT, (uint32_t)code};
    (void)ask(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

void start_timer(void) {
    SYSTICK_RELOAD = PERIOD - 1u;
    SYSTICK_VALUE = 0;
    SYSTICK_CONTROL = 7; /* on, with its exception, at the processor's clock */
    while (SYSTICK_VALUE == 0) { /* until it has begun to count down */
    }
}

void count_period(void) { periods++; }

/* The timer counts down and starts over every 2^24 ticks. */
uint64_t ticks(void) {
    uint32_t before, value;
    do {
        before = periods;
        value = SYSTICK_VALUE;
    } while (before != periods);
    return (uint64_t)before * PERIOD + (PERIOD - 1u - value);
}
