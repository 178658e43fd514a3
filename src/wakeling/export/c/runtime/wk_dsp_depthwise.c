/* Depthwise convolution on cores with DSP, any kernel and stride, one channel at a time.
 *
 * The rows that a row of windows sees are kept in scratch as int16, so that the output may lie over
 * the input; the channel's weights, as int16 too, lie behind them.
 */
#include "wk_dsp_arithmetic.h"

/* One row of one channel, margins filled in; `line` is NULL where all is margin. */
static void load_row(const wk_window *window, const int8_t *line, int32_t step, int32_t zero_point,
                     int32_t span, int8_t *row) {
    for (int32_t i = 0; i < span; i++, row += 2) {
        const int32_t x = window->left + i;
        *(wk_half *)(void *)row =
            (int16_t)(line == NULL || x < 0 || x >= window->width ? zero_point : line[x * step]);
    }
}

/* A kernel's rows as pairs; zeros fill up. */
static int32_t expand_weights(const wk_dsp_depthwise_layer *layer, const int8_t *weights,
                              int8_t *expanded) {
    const int32_t columns = layer->kernel_columns, pairs = (columns + 1) / 2;
    for (int32_t i = 0; i < layer->kernel_rows; i++, weights += columns) {
        for (int32_t j = 0; j < pairs; j++, expanded += 4) {
            *(wk_pair *)(void *)expanded =
                wk_as_pair(weights[2 * j], 2 * j + 1 < columns ? weights[2 * j + 1] : 0);
        }
    }
    return pairs;
}

WK_INLINE void depthwise(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                         const int8_t *input, int8_t *output, void *scratch, int32_t mode) {
    const int32_t step = layer->channels, extent = layer->kernel_rows;
    const int32_t span = (window->columns - 1) * layer->stride_columns + layer->kernel_columns + 1;
    const int32_t row_bytes = (span + 1) / 2 * 4;
    int8_t *const rows = scratch, *const weights = rows + extent * row_bytes;
    for (int32_t channel = 0; channel < step; channel++) {
        const int32_t pairs = expand_weights(
            layer, layer->weights + channel * extent * layer->kernel_columns, weights);
        const int32_t multiplier = layer->multiplier[channel], exponent = layer->exponent[channel];
        int32_t loaded = window->top, slot = 0; /* row top + i takes slot i % extent */
        int32_t turn = 0;                       /* the slot of the first row of the windows */
        for (int32_t row = 0; row < window->rows; row++) {
            const int32_t above = window->top + row * layer->stride_rows;
            for (; loaded < above + extent; loaded++) {
                if (loaded >= above) {
                    const int8_t *line = loaded < 0 || loaded >= window->height
                                             ? NULL
                                             : input + loaded * window->width * step + channel;
                    load_row(window, line, step, layer->input_zero_point, span,
                             rows + slot * row_bytes);
                }
                slot = slot + 1 == extent ? 0 : slot + 1;
            }
            int8_t *target = output + row * window->output_pixels * step + channel;
            for (int32_t column = 0; column < window->columns; column++, target += step) {
                const int8_t *seen = rows + column * layer->stride_columns * 2;
                const int8_t *weight = weights;
                int32_t sum = layer->bias[channel];
                for (int32_t i = 0, kept = turn; i < extent; i++) {
                    const int8_t *from = seen + kept * row_bytes;
                    for (int32_t j = 0; j < pairs; j++, from += 4, weight += 4) {
                        sum = wk_add_products(wk_four(from), wk_four(weight), sum);
                    }
                    kept = kept + 1 == extent ? 0 : kept + 1;
                }
                *target =
                    wk_requantize_sum(sum, multiplier, exponent, &layer->requantization, mode);
            }
            turn = (turn + layer->stride_rows) % extent;
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
