/* All filters over gathered windows, two outputs at a time, on cores with DSP. */
#ifndef WK_DSP_FILTER_H
#define WK_DSP_FILTER_H

#include "wk_dsp.h"

/* Windows lie one beside the other: word i of window p is word 3 * i + p of what was gathered. */
enum { WK_PIXELS = 3, WK_FOUR_WORDS = 2 * WK_PIXELS };

/* Words of a stream before the weights of a pair of outputs, and behind them. */
enum { WK_BEFORE = 2, WK_BEHIND = 3 };

/* Three windows, packed weights, `stream` up to `end`: the first output of each pair is accumulated from
 * the lower bytes, 256 times the second one plus the first from whole half words. `middle` is twice the
 * zero point + 1. Outputs go to three targets. One function for each mode. */
#define WK_FILTER_THREE(NAME)                                                                            \
    void NAME(int8_t *first, int8_t *second, int8_t *third, const int32_t *stream, const int32_t *end,   \
              const wk_pair *gathered, int32_t weight_bytes, int32_t middle, int32_t low, int32_t high)
WK_FILTER_THREE(wk_dsp_filter_relu);
WK_FILTER_THREE(wk_dsp_filter_linear);
WK_FILTER_THREE(wk_dsp_filter_clamped);

/* `fours` of three stretches, side by side; returns where the next ones go. */
wk_pair *wk_dsp_expand_three(wk_pair *to, const int8_t *first, const int8_t *second, const int8_t *third,
                             int32_t fours);

/* One window, or (a dense layer, `step` 1) bytes that were expanded one behind the other. The pairs that
 * start at `stream` are written to `target`, `outputs` values. */
WK_INLINE void wk_filter_one(const wk_dsp_requantization *to, const int32_t *stream,
                             const wk_pair *gathered, int32_t step, int32_t fours, int32_t outputs,
                             int8_t *target, int32_t is_packed, int32_t mode) {
    for (int32_t o = 0; o < outputs; o += 2) {
        int32_t first = stream[0], second = stream[1];
        const wk_pair *from = gathered;
        stream += WK_BEFORE;
        for (int32_t k = 0; k < fours; k++, stream += 2, from += 2 * step) {
            const uint32_t early = (uint32_t)stream[0], late = (uint32_t)stream[1];
            first = wk_add_products(from[0], wk_even_bytes(early), first);
            second = wk_add_products(from[0], is_packed ? early : wk_odd_bytes(early), second);
            first = wk_add_products(from[step], wk_even_bytes(late), first);
            second = wk_add_products(from[step], is_packed ? late : wk_odd_bytes(late), second);
        }
        if (is_packed) {
            second = (int32_t)((uint32_t)second - (uint32_t)first) >> 8;
        }
        const int32_t exponents = stream[2];
        target[o] = wk_requantize_sum(first, stream[0], (int8_t)(uint8_t)exponents, to, mode);
        if (o + 1 < outputs) {
            target[o + 1] = wk_requantize_sum(second, stream[1], (int8_t)(uint8_t)(exponents >> 8), to, mode);
        }
        stream += WK_BEHIND;
    }
}

/* As above; what is known of the layer picks the loop. */
WK_INLINE void wk_filter_any(const wk_dsp_requantization *to, const int32_t *stream,
                             const wk_pair *gathered, int32_t step, int32_t fours, int32_t outputs,
                             int8_t *target, int32_t is_packed) {
    if (is_packed) {
        wk_filter_one(to, stream, gathered, step, fours, outputs, target, 1, WK_CLAMPED);
    } else {
        wk_filter_one(to, stream, gathered, step, fours, outputs, target, 0, WK_GENERAL);
    }
}

#endif
