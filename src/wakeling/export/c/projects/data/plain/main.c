/* Runs the model on its test picture; for a system with printf. */
#include <stdio.h>

#include "wk_selftest.h"

static wk_t model;

int main(void) {
    if (wk_init(&model, NULL, 0) != 0) {
        printf("FAIL: no arena\n");
        return 1;
    }
    const int wrong = wk_selftest(&model);
    for (int i = 0; i < WK_LABELS; i++) {
        printf("%s: %g, expected %g\n", wk_labels[i], (double)wk_output(&model)[i], (double)wk_test_output[i]);
    }
    printf(wrong == 0 ? "PASS\n" : "FAIL\n");
    return wrong != 0;
}
