/* All filters over gathered windows, two outputs at a time, on cores with DSP. */
#ifndef WK_DSP_FILTER_H
#define WK_DSP_FILTER_H

#include "wk_dsp_arithmetic.h"

/* Windows lie one beside the other: word i of window p is word 3 * i + p of what was gathered. */
enum { WK_PIXELS = 3, WK_FOUR_WORDS = 2 * WK_PIXELS };

/* Words of a stream before the weights of a pair of outputs, and behind them. */
enum { WK_BEFORE = 2, WK_BEHIND = 3 };

/* `fours` of three stretches, side by side; returns where the next ones go. */
wk_pair *wk_dsp_expand_three(wk_pair *to, const int8_t *first, const int8_t *second,
                             const int8_t *third, int32_t fours);

/* The sums of two outputs. */
typedef struct {
    int32_t first, second;
} wk_two;

/* Four inputs, as their even and odd ones, times two words of weights. */
WK_INLINE wk_two wk_add_four(wk_two sums, const int32_t *weights, uint32_t even, uint32_t odd,
                             int32_t is_packed) {
    const uint32_t early = (uint32_t)weights[0], late = (uint32_t)weights[1];
    sums.first = wk_add_products(even, wk_even_bytes(early), sums.first);
    sums.second = wk_add_products(even, is_packed ? early : wk_odd_bytes(early), sums.second);
    sums.first = wk_add_products(odd, wk_even_bytes(late), sums.first);
    sums.second = wk_add_products(odd, is_packed ? late : wk_odd_bytes(late), sums.second);
    return sums;
}

/* The pair of outputs `o` and `o` + 1, from what is behind its weights; the last pair of an odd
 * number is one output before, and of one output there is but the first. */
WK_INLINE void wk_finish_two(wk_two sums, const int32_t *behind, const wk_dsp_requantization *to,
                             int8_t *target, int32_t o, int32_t outputs, int32_t is_packed,
                             int32_t mode) {
    const uint32_t exponents = (uint32_t)behind[2];
    if (is_packed) {
        sums.second = (int32_t)((uint32_t)sums.second - (uint32_t)sums.first) >> 8;
    }
    target += o + 1 < outputs || outputs == 1 ? o : o - 1;
    target[0] = wk_requantize_sum(sums.first, behind[0], (int8_t)(uint8_t)exponents, to, mode);
    if (outputs > 1) {
        target[1] =
            wk_requantize_sum(sums.second, behind[1], (int8_t)(uint8_t)(exponents >> 8), to, mode);
    }
}

#endif
