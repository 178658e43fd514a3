/* Convolution in plain C: one window is gathered, then all filters run over it, two at a time.
 *
 * The output may lie over the input. A pointwise kernel then runs forward over the pixels, or
 * backward where they grow; any other keeps the last rows of the input in a ring behind the
 * windows. A 1x1 kernel whose output lies elsewhere reads its pixels where they are.
 */
#include <string.h>

#include "wk_dot.h"
#include "wk_kernels.h"

/* Rows of the image in memory. Row y lies in slot y, or (where only the last `slots` rows are
 * kept) in slot y modulo `slots`; `first` is the slot of the first tap's row, were it inside. */
typedef struct {
    const int8_t *rows;
    int32_t slots, first;
} kept_rows;

/* One row of a window: `depth` bytes for each tap, margins filled in. */
static void gather_row(const wk_conv_2d_layer *layer, const wk_window *window, const int8_t *row,
                       int32_t x, int32_t depth, int8_t *gathered) {
    const int32_t taps = layer->kernel_columns;
    if (layer->dilation_columns == 1 && layer->groups == 1) {
        const int32_t from = x < 0 ? (-x < taps ? -x : taps) : 0;
        const int32_t room = window->width - x;
        const int32_t until = room < taps ? (room > from ? room : from) : taps;
        memset(gathered, layer->input_zero_point, (size_t)(from * depth));
        if (until > from) {
            memcpy(gathered + from * depth, row + (x + from) * depth,
                   (size_t)((until - from) * depth));
        }
        memset(gathered + until * depth, layer->input_zero_point, (size_t)((taps - until) * depth));
        return;
    }
    for (int32_t j = 0; j < taps; j++, x += layer->dilation_columns, gathered += depth) {
        if (x < 0 || x >= window->width) {
            memset(gathered, layer->input_zero_point, (size_t)depth);
        } else {
            memcpy(gathered, row + x * layer->inputs, (size_t)depth);
        }
    }
}

/* The window of one output, of one group, as bytes one behind the other. */
static void gather(const wk_conv_2d_layer *layer, const wk_window *window, const kept_rows *kept,
                   int32_t y, int32_t x, int32_t depth, int32_t group, int8_t *gathered) {
    const int32_t row_bytes = layer->kernel_columns * depth;
    int32_t slot = kept->first;
    for (int32_t i = 0; i < layer->kernel_rows; i++, gathered += row_bytes) {
        if (y < 0 || y >= window->height) {
            memset(gathered, layer->input_zero_point, (size_t)row_bytes);
        } else {
            const int8_t *row = kept->rows + slot * window->width * layer->inputs + group * depth;
            gather_row(layer, window, row, x, depth, gathered);
        }
        y += layer->dilation_rows;
        slot += layer->dilation_rows;
        if (slot >= kept->slots) {
            slot -= kept->slots;
        }
    }
}

static int8_t finish(const wk_requantization *to, int32_t o, int32_t sum) {
    return wk_requantize(sum, to->multiplier[o], to->shift[o], to->zero_point, to->low, to->high);
}

/* Filters `o` to before `end`, each of `size` weights, over one window. */
static void filter(const wk_conv_2d_layer *layer, int32_t size, int32_t o, int32_t end,
                   const int8_t *values, int8_t *output) {
    const int8_t *weights = layer->weights + o * size;
    for (; o + 1 < end; o += 2, weights += 2 * size) {
        int32_t sums[2] = {layer->bias[o], layer->bias[o + 1]};
        wk_dot_2(values, weights, weights + size, size, sums);
        output[o] = finish(&layer->requantization, o, sums[0]);
        output[o + 1] = finish(&layer->requantization, o + 1, sums[1]);
    }
    if (o < end) {
        const int32_t sum = wk_dot(values, weights, size, layer->bias[o]);
        output[o] = finish(&layer->requantization, o, sum);
    }
}

static void grow_backward(const wk_conv_2d_layer *layer, int32_t pixels, const int8_t *input,
                          int8_t *output, int8_t *gathered) {
    for (int32_t pixel = pixels - 1; pixel >= 0; pixel--) {
        memcpy(gathered, input + pixel * layer->inputs, (size_t)layer->inputs);
        filter(layer, layer->inputs, 0, layer->outputs, gathered, output + pixel * layer->outputs);
    }
}

void wk_conv_2d(const wk_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                int8_t *output, void *scratch) {
    const int32_t is_1x1 = layer->kernel_rows * layer->kernel_columns * layer->groups == 1;
    const int32_t is_pointwise = is_1x1 && layer->stride_rows * layer->stride_columns == 1;
    const int32_t row_bytes = window->width * layer->inputs;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t filters = layer->outputs / layer->groups;
    const int32_t depth = layer->inputs / layer->groups;
    const int32_t size = layer->kernel_rows * layer->kernel_columns * depth;
    int8_t *const gathered = scratch;
    int8_t *ring = NULL;
    int32_t loaded = 0;
    kept_rows kept = {input, window->height, 0};
    if (input == output && is_pointwise && layer->outputs > layer->inputs) {
        grow_backward(layer, window->rows * window->columns, input, output, gathered);
        return;
    }
    if (input == output && !is_pointwise) {
        ring = gathered + wk_windows_bytes(layer);
        kept.rows = ring;
        kept.slots = extent < window->height ? extent : window->height;
    }
    for (int32_t row = 0; row < window->rows; row++) {
        const int32_t y = window->top + row * layer->stride_rows;
        for (; ring != NULL && loaded < y + extent && loaded < window->height; loaded++) {
            memcpy(ring + loaded % kept.slots * row_bytes, input + loaded * row_bytes,
                   (size_t)row_bytes);
        }
        kept.first = kept.slots == window->height ? y : (y % kept.slots + kept.slots) % kept.slots;
        for (int32_t column = 0; column < window->columns; column++) {
            const int32_t x = window->left + column * layer->stride_columns;
            int8_t *const target = output + (row * window->output_pixels + column) * layer->outputs;
            const int32_t is_inside = y >= 0 && y < window->height && x >= 0 && x < window->width;
            if (is_1x1 && is_inside && input != output) {
                filter(layer, depth, 0, filters, input + y * row_bytes + x * layer->inputs, target);
                continue;
            }
            for (int32_t group = 0; group < layer->groups; group++) {
                gather(layer, window, &kept, y, x, depth, group, gathered);
                filter(layer, size, group * filters, (group + 1) * filters, gathered, target);
            }
        }
    }
}
