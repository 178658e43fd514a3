/* 3x3 depthwise convolution on cores with DSP, two channels at a time, stride 1 or 2.
 *
 * The three rows that a row of windows sees are kept in scratch as int16, so that the output may lie over
 * the input. Margins are filled in once.
 */
#include "wk_dsp_rows.h"

/* Which pixels of a row of scratch are in the image, and where they come from. */
typedef struct {
    int32_t before;   /* pixels in the left margin */
    int32_t inside;   /* pixels behind them that are in the image, the first one at column `column` */
    int32_t column;
    int32_t pairs;    /* of a row */
    int32_t channels; /* that are loaded: 1 or 2 */
} wk_span;

static wk_span span_of(const wk_dsp_depthwise_layer *layer, const wk_window *window) {
    const int32_t stride = layer->stride_columns;
    wk_span span;
    span.pairs = (window->columns + 1) / 2 * stride + 1;
    span.before = window->left < 0 ? -window->left : 0;
    span.before = span.before < 2 * span.pairs ? span.before : 2 * span.pairs;
    span.column = window->left + span.before;
    span.inside = window->width - span.column;
    span.inside = span.inside > 0 ? span.inside : 0;
    if (span.inside > 2 * span.pairs - span.before) {
        span.inside = 2 * span.pairs - span.before;
    }
    span.channels = 2;
    return span;
}

/* One pixel of one channel. */
static void put(wk_pair *slot, int32_t position, int32_t value) {
    int16_t half = (int16_t)value;
    memcpy((int8_t *)(slot + position / 2 * WK_SLOTS) + position % 2 * 2, &half, sizeof half);
}

/* One row of two channels; `line` is its first pixel in the image, NULL in the margin. */
static void load_row(const wk_span *span, const int8_t *line, int32_t step, wk_pair fill, wk_pair *slot,
                     wk_pair *other) {
    if (line == NULL) {
        for (int32_t i = 0; i < span->pairs; i++) {
            slot[i * WK_SLOTS] = fill;
            other[i * WK_SLOTS] = fill;
        }
        return;
    }
    int32_t position = span->before;
    const int32_t end = position + span->inside;
    if (span->channels == 1) {
        for (; position < end; position++, line += step) {
            put(slot, position, *line);
        }
        return;
    }
    if (position % 2 != 0 && position < end) {
        put(slot, position, line[0]);
        put(other, position, line[1]);
        line += step;
        position++;
    }
    const int32_t pairs = (end - position) / 2;
    wk_dsp_load_pairs(slot + position / 2 * WK_SLOTS, line, step, pairs, other + position / 2 * WK_SLOTS);
    if ((end - position) % 2 != 0) {
        line += 2 * pairs * step;
        put(slot, end - 1, line[0]);
        put(other, end - 1, line[1]);
    }
}

/* Twice the weights of a channel for slots 0, 1, 2, 0, 1: from which one on depends on the row. */
static void expand_weights(const int8_t *weights, wk_pair *expanded) {
    for (int32_t i = 0; i < 3; i++, weights += 3) {
        expanded[2 * i] = wk_as_pair(2 * weights[0], 2 * weights[1]);
        expanded[2 * i + 1] = wk_as_pair(2 * weights[1], 2 * weights[2]);
    }
    for (int32_t i = 0; i < 4; i++) {
        expanded[6 + i] = expanded[i];
    }
}

/* One row of outputs of one channel. */
WK_INLINE void compute_row(const wk_window *window, int32_t stride, int32_t mode, const wk_pair *rows,
                           const wk_row *row, int8_t *output, const wk_pair *weights) {
    WK_ROW((*const run)) = mode == WK_RELU ? (stride == 1 ? wk_dsp_row_relu : wk_dsp_row_relu_2)
                                           : (stride == 1 ? wk_dsp_row_linear : wk_dsp_row_linear_2);
    if (row->bytes > 0) {
        run(rows, row, output, weights);
    }
    if (window->columns % 2 != 0) {
        wk_row last = *row;
        last.step = 0;
        last.bytes = 4 * WK_SLOTS * stride;
        run(rows + row->bytes / 4, &last, output + (window->columns - 1) * row->step, weights);
    }
}

void wk_dsp_depthwise_3x3(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch) {
    const wk_dsp_requantization *to = &layer->requantization;
    const int32_t step = layer->channels, stride = layer->stride_columns;
    wk_span span = span_of(layer, window);
    const wk_pair fill = wk_as_pair(layer->input_zero_point, layer->input_zero_point);
    wk_pair *const planes[] = {scratch, (wk_pair *)scratch + WK_SLOTS * span.pairs};
    for (int32_t i = 0; i < 2 * WK_SLOTS * span.pairs; i++) {
        planes[0][i] = fill;
    }
    for (int32_t channel = 0; channel < step; channel += 2) {
        wk_pair weights[2][10];
        wk_row rows[2];
        span.channels = channel + 1 < step ? 2 : 1;
        for (int32_t c = 0; c < span.channels; c++) {
            const int32_t k = channel + c;
            expand_weights(layer->weights + 9 * k, weights[c]);
            rows[c].twice_bias = (int32_t)((uint32_t)layer->bias[k] << 1);
            rows[c].multiplier = layer->multiplier[k];
            rows[c].exponent = layer->exponent[k];
            rows[c].offset = wk_offset(to->zero_point, layer->exponent[k]);
            rows[c].step = step;
            rows[c].bytes = window->columns / 2 * 4 * WK_SLOTS * stride;
        }
        int32_t loaded = window->top, slot = 0; /* row top + i takes slot i % 3 */
        int32_t turn = 0;                        /* the slot of the first row of the windows */
        for (int32_t row = 0; row < window->rows; row++) {
            const int32_t above = window->top + row * layer->stride_rows;
            for (; loaded < above + 3; loaded++) {
                const int8_t *line = loaded < 0 || loaded >= window->height
                                         ? NULL
                                         : input + (loaded * window->width + span.column) * step + channel;
                load_row(&span, line, step, fill, planes[0] + slot, planes[1] + slot);
                slot = slot == 2 ? 0 : slot + 1;
            }
            int8_t *target = output + row * window->output_pixels * step + channel;
            const int32_t first = 2 * (turn == 0 ? 0 : 3 - turn); /* the kernel row that slot 0 has */
            for (int32_t c = 0; c < span.channels; c++) {
                compute_row(window, stride, to->mode, planes[c], &rows[c], target + c, weights[c] + first);
            }
            turn = (turn + layer->stride_rows) % 3;
        }
    }
}
