/* Runs the model on its test picture and prints PASS or FAIL. */
#include <stdio.h>

#include "esp_timer.h"

#include "@NAME@.h"
#include "wk_selftest.h"

static wk_t model;

void app_main(void) {
    if (wk_init(&model, NULL, 0) != 0) {
        printf("FAIL: no arena\n");
        return;
    }
    const int64_t begin = esp_timer_get_time();
    const int wrong = wk_selftest(&model);
    const int64_t taken = esp_timer_get_time() - begin;
    for (int i = 0; i < WK_LABELS; i++) {
        printf("%s: %g, expected %g\n", wk_labels[i], (double)wk_output(&model)[i], (double)wk_test_output[i]);
    }
    printf("%ld microseconds\n", (long)taken);
    printf(wrong == 0 ? "PASS\n" : "FAIL\n");
}
