/* The inner loops of 3x3 depthwise convolutions on cores with DSP.
 *
 * Three rows of a channel lie in scratch as int16, side by side: word 3 * i + s has pixels 2 * i and
 * 2 * i + 1 of slot s. Rows take the slots in turn, so that the weights turn and the rows stay.
 */
#ifndef WK_DSP_ROWS_H
#define WK_DSP_ROWS_H

#include "wk_dsp.h"

enum { WK_SLOTS = 3 };

/* What a row of outputs is computed with: twice the bias, multiplier, wk_offset(...), exponent, bytes from
 * one output to the next, bytes of scratch that the first pixels of its windows take. */
typedef struct {
    int32_t twice_bias, multiplier, offset, exponent;
    int32_t step, bytes;
} wk_row;

/* Two outputs at a time; where `step` is 0, only the first of two is left in the end. `weights` are, for
 * each slot, twice (first, second) and twice (second, third). One function for each stride and mode. */
#define WK_ROW(NAME) void NAME(const wk_pair *rows, const wk_row *row, int8_t *output, const wk_pair *weights)
WK_ROW(wk_dsp_row_relu);
WK_ROW(wk_dsp_row_linear);
WK_ROW(wk_dsp_row_relu_2);
WK_ROW(wk_dsp_row_linear_2);

/* `pairs` pairs of pixels of two channels, `step` bytes apart, to a slot each. */
void wk_dsp_load_pairs(wk_pair *first, const int8_t *from, int32_t step, int32_t pairs, wk_pair *second);

#endif
