/* Depthwise convolution on cores with DSP, any kernel and stride: one channel and four outputs at a
 * time.
 *
 * The rows that a row of windows sees are kept in scratch as int16, so that the output may lie over
 * the input; the channel's weights, as int16 too, lie behind them.
 */
#include "wk_dsp_arithmetic.h"

enum { WK_AT_ONCE = 4 };

/* The columns of the image that a row of scratch has: `before` in the left margin, then `inside`,
 * then others in the right margin. */
typedef struct {
    int32_t before, inside, all;
} wk_columns;

static wk_columns columns_of(const wk_dsp_depthwise_layer *layer, const wk_window *window) {
    wk_columns made;
    made.all = (window->columns - 1) * layer->stride_columns + layer->kernel_columns + 1;
    made.before = window->left < 0 ? -window->left : 0;
    made.before = made.before < made.all ? made.before : made.all;
    made.inside = window->width - (window->left + made.before);
    made.inside = made.inside < 0 ? 0 : made.inside;
    if (made.inside > made.all - made.before) {
        made.inside = made.all - made.before;
    }
    return made;
}

/* One row of one channel; `from` is its first pixel in the image, NULL where all is margin. */
static void load_row(wk_columns columns, const int8_t *from, int32_t step, int32_t zero_point,
                     wk_half *row) {
    const int16_t fill = (int16_t)zero_point;
    wk_half *const end = row + columns.all;
    for (wk_half *const inside = row + (from == NULL ? columns.all : columns.before);
         row != inside;) {
        *row++ = fill;
    }
    if (from == NULL) {
        return;
    }
    for (wk_half *const margin = row + columns.inside; row != margin; from += step) {
        *row++ = *from;
    }
    while (row != end) {
        *row++ = fill;
    }
}

/* A kernel's rows as pairs; zeros fill up. Returns how many pairs a row has. */
static int32_t expand_weights(const wk_dsp_depthwise_layer *layer, const int8_t *weights,
                              wk_pair *expanded) {
    const int32_t columns = layer->kernel_columns, pairs = (columns + 1) / 2;
    for (int32_t i = 0; i < layer->kernel_rows; i++, weights += columns) {
        for (int32_t j = 0; j < pairs; j++) {
            *expanded++ = wk_as_pair(weights[2 * j], 2 * j + 1 < columns ? weights[2 * j + 1] : 0);
        }
    }
    return pairs;
}

/* Windows of one channel: rows from `rows` on, the first one in slot `turn`; a kernel's weights. */
typedef struct {
    const int8_t *rows;
    const wk_pair *weights;
    int32_t row_bytes, extent, turn, pairs;
    int32_t bias, step; /* bytes from one window to the next */
} wk_windows;

WK_INLINE void add_windows(const wk_windows *windows, int32_t start, int32_t count, int32_t *sums) {
    const wk_pair *weights = windows->weights;
    const int32_t step = windows->step;
    int32_t first = windows->bias, second = first, third = first, fourth = first;
    for (int32_t i = 0, slot = windows->turn; i < windows->extent; i++) {
        const int8_t *from = windows->rows + slot * windows->row_bytes + start;
        for (const wk_pair *const end = weights + windows->pairs; weights != end; from += 4) {
            const uint32_t pair = *weights++;
            first = wk_add_products(wk_four(from), pair, first);
            if (count > 1) {
                second = wk_add_products(wk_four(from + step), pair, second);
            }
            if (count > 2) {
                third = wk_add_products(wk_four(from + 2 * step), pair, third);
                fourth = wk_add_products(wk_four(from + 3 * step), pair, fourth);
            }
        }
        slot = slot + 1 == windows->extent ? 0 : slot + 1;
    }
    sums[0] = first;
    sums[1] = second;
    sums[2] = third;
    sums[3] = fourth;
}

WK_INLINE void depthwise(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                         const int8_t *input, int8_t *output, void *scratch, int32_t mode) {
    const wk_columns columns = columns_of(layer, window);
    const int32_t step = layer->channels, extent = layer->kernel_rows;
    wk_windows windows;
    windows.row_bytes = (columns.all + 1) / 2 * 4;
    windows.rows = scratch;
    windows.extent = extent;
    windows.step = 2 * layer->stride_columns;
    wk_pair *const weights = (wk_pair *)scratch + extent * windows.row_bytes / 4;
    windows.weights = weights;
    input += (window->left + columns.before) * step;
    for (int32_t channel = 0; channel < step; channel++) {
        const int32_t multiplier = layer->multiplier[channel], exponent = layer->exponent[channel];
        windows.bias = layer->bias[channel];
        windows.pairs = expand_weights(
            layer, layer->weights + channel * extent * layer->kernel_columns, weights);
        windows.turn = 0;                       /* the slot of the first row of the windows */
        int32_t loaded = window->top, slot = 0; /* row top + i takes slot i % extent */
        for (int32_t row = 0; row < window->rows; row++) {
            const int32_t above = window->top + row * layer->stride_rows;
            for (; loaded < above + extent; loaded++) {
                if (loaded >= above) {
                    const int8_t *line = loaded < 0 || loaded >= window->height
                                             ? NULL
                                             : input + loaded * window->width * step + channel;
                    load_row(columns, line, step, layer->input_zero_point,
                             (wk_half *)scratch + slot * windows.row_bytes / 2);
                }
                slot = slot + 1 == extent ? 0 : slot + 1;
            }
            int8_t *target = output + row * window->output_pixels * step + channel;
            for (int32_t column = 0, count; column < window->columns; column += count) {
                int32_t sums[WK_AT_ONCE];
                const int32_t start = column * windows.step;
                const int32_t left = window->columns - column;
                count = left >= WK_AT_ONCE ? WK_AT_ONCE : left >= 2 ? 2 : 1;
                if (count == WK_AT_ONCE) {
                    add_windows(&windows, start, WK_AT_ONCE, sums);
                } else if (count == 2) {
                    add_windows(&windows, start, 2, sums);
                } else {
                    add_windows(&windows, start, 1, sums);
                }
                for (int32_t k = 0; k < count; k++, target += step) {
                    *target = wk_requantize_sum(sums[k], multiplier, exponent,
                                                &layer->requantization, mode);
                }
            }
            windows.turn = (windows.turn + layer->stride_rows) % extent;
        }
    }
}

void wk_dsp_depthwise(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                      const int8_t *input, int8_t *output, void *scratch) {
    depthwise(layer, window, input, output, scratch, WK_CLAMPED);
}

void wk_dsp_depthwise_general(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                              const int8_t *input, int8_t *output, void *scratch) {
    depthwise(layer, window, input, output, scratch, WK_GENERAL);
}
