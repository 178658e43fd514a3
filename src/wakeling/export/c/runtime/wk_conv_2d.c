/* Convolution in plain C: one window is gathered, then all filters run over it.
 *
 * The output may lie over the input. A 1x1 kernel then runs forward over the pixels, or backward
 * where they grow; a larger one keeps the last rows of the input in a ring behind the windows.
 */
#include <string.h>

#include "wk_arithmetic.h"
#include "wk_kernels.h"

/* The window of one output, of one group, as bytes one behind the other. */
static void gather(const wk_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                   int32_t ring_rows, int32_t row, int32_t column, int32_t group, int8_t *gathered) {
    const int32_t depth = layer->inputs / layer->groups;
    for (int32_t i = 0; i < layer->kernel_rows; i++) {
        const int32_t y = window->top + row * layer->stride_rows + i * layer->dilation_rows;
        for (int32_t j = 0; j < layer->kernel_columns; j++, gathered += depth) {
            const int32_t x = window->left + column * layer->stride_columns + j * layer->dilation_columns;
            if (y < 0 || y >= window->height || x < 0 || x >= window->width) {
                memset(gathered, layer->input_zero_point, (size_t)depth);
            } else {
                const int32_t kept = ring_rows > 0 ? y % ring_rows : y;
                memcpy(gathered, input + (kept * window->width + x) * layer->inputs + group * depth,
                       (size_t)depth);
            }
        }
    }
}

static void filter(const wk_conv_2d_layer *layer, int32_t group, const int8_t *gathered, int8_t *output) {
    const int32_t size = layer->kernel_rows * layer->kernel_columns * (layer->inputs / layer->groups);
    const int32_t filters = layer->outputs / layer->groups;
    const wk_requantization *to = &layer->requantization;
    for (int32_t o = group * filters; o < (group + 1) * filters; o++) {
        const int8_t *weights = layer->weights + o * size;
        int32_t sum = layer->bias[o];
        for (int32_t k = 0; k < size; k++) {
            sum = wk_multiply_add(gathered[k], weights[k], sum);
        }
        output[o] = wk_requantize(sum, to->multiplier[o], to->shift[o], to->zero_point, to->low, to->high);
    }
}

static void compute(const wk_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int32_t ring_rows, int32_t row, int32_t column, int8_t *output, int8_t *gathered) {
    int8_t *target = output + (row * window->output_pixels + column) * layer->outputs;
    for (int32_t group = 0; group < layer->groups; group++) {
        gather(layer, window, input, ring_rows, row, column, group, gathered);
        filter(layer, group, gathered, target);
    }
}

void wk_conv_2d(const wk_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                int8_t *output, void *scratch) {
    int8_t *gathered = scratch;
    const int8_t *image = input;
    int8_t *ring = NULL;
    int32_t ring_rows = 0, loaded = 0;
    const int32_t row_bytes = window->width * layer->inputs;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t is_pointwise = layer->kernel_rows * layer->kernel_columns == 1;
    if (input == output && is_pointwise && layer->outputs > layer->inputs) {
        for (int32_t pixel = window->rows * window->columns - 1; pixel >= 0; pixel--) {
            compute(layer, window, input, 0, pixel / window->columns, pixel % window->columns, output,
                    gathered);
        }
        return;
    }
    if (input == output && !is_pointwise) {
        ring_rows = extent < window->height ? extent : window->height;
        ring = gathered + wk_windows_bytes(layer);
        image = ring;
    }
    for (int32_t row = 0; row < window->rows; row++) {
        const int32_t below = window->top + row * layer->stride_rows + extent;
        for (; ring_rows > 0 && loaded < below && loaded < window->height; loaded++) {
            memcpy(ring + (loaded % ring_rows) * row_bytes, input + loaded * row_bytes, (size_t)row_bytes);
        }
        for (int32_t column = 0; column < window->columns; column++) {
            compute(layer, window, image, ring_rows, row, column, output, gathered);
        }
    }
}
