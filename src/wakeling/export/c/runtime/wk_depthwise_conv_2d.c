/* Depthwise convolution in plain C, four channels at a time.
 *
 * The rows that a row of windows sees are copied to scratch with their margins filled in, so that the
 * output may lie over the input.
 */
#include <string.h>

#include "wk_arithmetic.h"
#include "wk_kernels.h"

enum { WK_LANES = 4 };

/* One row of the image as `span` pixels of `lanes` channels, margins filled in. */
static void load_row(const wk_depthwise_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                     int32_t y, int32_t channel, int32_t lanes, int32_t span, int8_t *row) {
    for (int32_t i = 0; i < span; i++, row += WK_LANES) {
        const int32_t x = window->left + i;
        if (y < 0 || y >= window->height || x < 0 || x >= window->width) {
            memset(row, layer->input_zero_point, WK_LANES);
        } else {
            memcpy(row, input + (y * window->width + x) * layer->inputs + channel, (size_t)lanes);
        }
    }
}

void wk_depthwise_conv_2d(const wk_depthwise_conv_2d_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch) {
    const wk_requantization *to = &layer->requantization;
    const int32_t outputs = layer->inputs * layer->multiplier;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t span = (window->columns - 1) * layer->stride_columns +
                         (layer->kernel_columns - 1) * layer->dilation_columns + 1;
    int8_t *const rows = scratch;
    for (int32_t first = 0; first < layer->inputs; first += WK_LANES) {
        const int32_t lanes = layer->inputs - first < WK_LANES ? layer->inputs - first : WK_LANES;
        int32_t loaded = window->top; /* row y lies in slot (y - top) % extent */
        for (int32_t row = 0; row < window->rows; row++) {
            const int32_t above = window->top + row * layer->stride_rows;
            for (loaded = loaded > above ? loaded : above; loaded < above + extent; loaded++) {
                load_row(layer, window, input, loaded, first, lanes, span,
                         rows + (loaded - window->top) % extent * span * WK_LANES);
            }
            for (int32_t column = 0; column < window->columns; column++) {
                int8_t *target = output + (row * window->output_pixels + column) * outputs;
                for (int32_t k = first * layer->multiplier; k < (first + lanes) * layer->multiplier; k++) {
                    const int32_t lane = k / layer->multiplier - first;
                    int32_t sum = layer->bias[k];
                    for (int32_t i = 0; i < layer->kernel_rows; i++) {
                        const int32_t y = above - window->top + i * layer->dilation_rows;
                        const int8_t *seen = rows + (y % extent * span + column * layer->stride_columns) *
                                                        WK_LANES + lane;
                        const int8_t *weights = layer->weights + i * layer->kernel_columns * outputs + k;
                        for (int32_t j = 0; j < layer->kernel_columns; j++) {
                            sum = wk_multiply_add(seen[j * layer->dilation_columns * WK_LANES],
                                                  weights[j * outputs], sum);
                        }
                    }
                    target[k] = wk_requantize(sum, to->multiplier[k], to->shift[k], to->zero_point, to->low,
                                              to->high);
                }
            }
        }
    }
}
