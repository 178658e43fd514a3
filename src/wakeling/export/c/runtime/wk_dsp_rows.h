/* The inner loops of 3x3 depthwise convolutions on cores with DSP.
 *
 * Three rows of a channel lie in scratch as int16, side by side: word 3 * i + s has pixels 2 * i
 * and 2 * i + 1 of slot s. Rows take the slots in turn, so that the weights turn and the rows stay.
 */
#ifndef WK_DSP_ROWS_H
#define WK_DSP_ROWS_H

#include "wk_dsp_arithmetic.h"

enum { WK_SLOTS = 3 };

/* Pixels of two channels, `step` bytes from one pixel to the next, that go to a slot each, the
 * second one `plane` bytes behind the first: where `lead`, one alone to the upper half of a word;
 * pairs; where `trail`, one alone to the lower half. */
typedef struct {
    int32_t step, pairs, lead, trail, plane;
} wk_span;
void wk_dsp_load_row(wk_pair *slot, const int8_t *from, const wk_span *span);

#endif
