/* Runs the model on its test picture and prints PASS or FAIL. */
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "@NAME@.h"
#include "wk_selftest.h"

/* Numbers are printed whole: a real output in thousandths. */
#define SCALE @SCALE@

static wk_t model;

int main(void) {
    if (wk_init(&model, NULL, 0) != 0) {
        printk("FAIL: no arena\n");
        return 0;
    }
    const uint32_t begin = k_cycle_get_32();
    const int wrong = wk_selftest(&model);
    const uint32_t taken = k_cycle_get_32() - begin;
    for (int i = 0; i < WK_LABELS; i++) {
        printk("%s: %d, expected %d\n", wk_labels[i], (int)(wk_output(&model)[i] * SCALE),
               (int)(wk_test_output[i] * SCALE));
    }
    printk("%u microseconds\n", (unsigned int)k_cyc_to_us_floor32(taken));
    printk(wrong == 0 ? "PASS\n" : "FAIL\n");
    return 0;
}
