/* What a program without an operating system asks of its debugger or emulator. */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdint.h>

void print(const char *text);
void print_number(int64_t number);

/* Ends the program with an exit code. */
void leave(int code);

/* The processor's timer, SysTick: ticks since it was started. */
void start_timer(void);
uint64_t ticks(void);
void count_period(void);

#endif
