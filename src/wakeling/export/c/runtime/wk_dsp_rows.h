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
 * one output to the next. Two outputs at a time: `bytes` are those of scratch that the first windows of
 * all pairs of outputs start in, `odd` those of one more where an output is left over, or 0. */
typedef struct {
    int32_t twice_bias, multiplier, offset, exponent;
    int32_t step, odd, bytes;
} wk_row;

/* One row of outputs. `weights` are, for each slot, twice (first, second) and twice (second, third). One
 * function for each stride and mode. */
#define WK_ROW(NAME) void NAME(const wk_pair *rows, const wk_row *row, int8_t *output, const wk_pair *weights)
WK_ROW(wk_dsp_row_relu);
WK_ROW(wk_dsp_row_linear);
WK_ROW(wk_dsp_row_relu_2);
WK_ROW(wk_dsp_row_linear_2);

/* Pixels of two channels, `step` bytes from one pixel to the next, that go to a slot each, the second one
 * `plane` bytes behind the first: where `lead`, one alone to the upper half of a word; pairs; where
 * `trail`, one alone to the lower half. */
typedef struct {
    int32_t step, pairs, lead, trail, plane;
} wk_span;
void wk_dsp_load_row(wk_pair *slot, const int8_t *from, const wk_span *span);

#endif
