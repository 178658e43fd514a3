/* Runs the model on its test picture, says how it went and how many instructions it took. */
#include "@NAME@.h"
#include "semihosting.h"
#include "wk_selftest.h"

/* With -icount shift=0, QEMU lets each instruction take a nanosecond, and the timer ticks at the clock. */
#define CLOCK_HZ @CLOCK_HZ@u

static wk_t model;

int main(void) {
    start_timer();
    if (wk_init(&model, NULL, 0) != 0) {
        print("FAIL: no arena\n");
        return 1;
    }
    const uint64_t begin = ticks();
    const int wrong = wk_selftest(&model);
    const uint64_t taken = ticks() - begin;
    for (int i = 0; i < WK_LABELS; i++) {
        print(wk_labels[i]);
        print(": ");
        print_number(@PRINTED@wk_output(&model)[i]@SCALED@);
        print(", expected ");
        print_number(@PRINTED@wk_test_output[i]@SCALED@);
        print("\n");
    }
    print_number((int64_t)(taken * 1000000u / (CLOCK_HZ / 1000u)));
    print(" instructions, measured under emulation\n");
    print(wrong == 0 ? "PASS\n" : "FAIL\n");
    return wrong != 0;
}
