/* Sums of products of int8 values, two filters at a time. */
#ifndef WK_DOT_H
#define WK_DOT_H

#include "wk_arithmetic.h"

static inline int32_t wk_dot(const int8_t *values, const int8_t *weights, int32_t count,
                             int32_t sum) {
    for (int32_t k = 0; k < count; k++) {
        sum = wk_multiply_add(values[k], weights[k], sum);
    }
    return sum;
}

/* Adds to two sums at once, so that each value is loaded once for both. */
static inline void wk_dot_2(const int8_t *values, const int8_t *first, const int8_t *second,
                            int32_t count, int32_t sums[2]) {
    int32_t one = sums[0], other = sums[1];
    for (int32_t k = 0; k < count; k++) {
        const int32_t value = values[k];
        one = wk_multiply_add(value, first[k], one);
        other = wk_multiply_add(value, second[k], other);
    }
    sums[0] = one;
    sums[1] = other;
}

#endif
