/* Sums of products of int8 values, two filters at a time. */
#ifndef WK_DOT_H
#define WK_DOT_H

#include "wk_arithmetic.h"

static inline int32_t wk_dot(const int8_t *values, const int8_t *weights, int32_t count,
                             int32_t sum) {
    for (; count > 0; count--) {
        sum = wk_multiply_add(*values++, *weights++, sum);
    }
    return sum;
}

/* Adds to two sums at once, so that each value is loaded once for both. */
static inline void wk_dot_2(const int8_t *values, const int8_t *first, const int8_t *second,
                            int32_t count, int32_t sums[2]) {
    int32_t one = sums[0], other = sums[1];
#ifndef WK_SMALL_CORE
    for (; count >= 4; count -= 4, values += 4, first += 4, second += 4) {
        one = wk_multiply_add(values[0], first[0], one);
        other = wk_multiply_add(values[0], second[0], other);
        one = wk_multiply_add(values[1], first[1], one);
        other = wk_multiply_add(values[1], second[1], other);
        one = wk_multiply_add(values[2], first[2], one);
        other = wk_multiply_add(values[2], second[2], other);
        one = wk_multiply_add(values[3], first[3], one);
        other = wk_multiply_add(values[3], second[3], other);
    }
#endif
    /* One index for all three, counted up to 0: what fits eight registers. */
    values += count;
    first += count;
    second += count;
    for (int32_t k = -count; k != 0; k++) {
        const int32_t value = values[k];
        one = wk_multiply_add(value, first[k], one);
        other = wk_multiply_add(value, second[k], other);
    }
    sums[0] = one;
    sums[1] = other;
}

#endif
