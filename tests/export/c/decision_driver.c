/* Runs sequences of scores that come on stdin through wk_decision: six numbers of a rule, a count, scores. */
#include "wk_decision.h"

#include <stdio.h>

int main(void) {
    int32_t n[7];
    while (fread(n, sizeof n[0], 7, stdin) == 7) {
        const wk_decision_rule rule = {n[0], n[1], n[2], n[3], n[4], n[5]};
        wk_decision_t decision;
        wk_decision_start(&decision, &rule);
        for (int32_t i = 0; i < n[6]; i++) {
            int32_t score;
            if (fread(&score, sizeof score, 1, stdin) != 1) {
                return 3;
            }
            putchar(wk_decision_step(&decision, score));
        }
    }
    return 0;
}
