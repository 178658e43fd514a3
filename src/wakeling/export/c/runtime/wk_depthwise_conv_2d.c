/* Depthwise convolution in plain C, four channels at a time.
 *
 * The rows that a row of windows sees are copied to scratch with their margins filled in, so
 * that the output may lie over the input: row y of the windows lies in slot y modulo the
 * kernel's extent.
 */
#include <string.h>

#include "wk_arithmetic.h"
#include "wk_kernels.h"

enum { WK_LANES = 4 };

/* What is the same for all of a layer's windows. */
typedef struct {
    const wk_depthwise_conv_2d_layer *layer;
    const wk_window *window;
    int32_t extent, span; /* rows that are kept, and their pixels */
    int32_t outputs;
} depthwise;

/* One row of the image as `span` pixels of four channels, of which `lanes` are there. */
static void load_row(const depthwise *of, const int8_t *input, int32_t y, int32_t channel,
                     int32_t lanes, int8_t *row) {
    const wk_window *window = of->window;
    const int32_t inputs = of->layer->inputs, width = window->width, left = window->left;
    int32_t from = left < 0 ? -left : 0; /* the first pixel of the row that is in the image */
    int32_t until = width - left < of->span ? width - left : of->span;
    if (y < 0 || y >= window->height || until <= from) {
        from = until = of->span;
    }
    if (from > 0 || until < of->span || lanes < WK_LANES) {
        memset(row, of->layer->input_zero_point, (size_t)(of->span * WK_LANES));
    }
    if (from == until) {
        return;
    }
    const int8_t *pixel = input + (y * width + left + from) * inputs + channel;
    int8_t *to = row + from * WK_LANES;
    if (lanes == WK_LANES) {
        for (; from < until; from++, to += WK_LANES, pixel += inputs) {
            memcpy(to, pixel, WK_LANES);
        }
    } else {
        for (; from < until; from++, to += WK_LANES, pixel += inputs) {
            for (int32_t lane = 0; lane < lanes; lane++) {
                to[lane] = pixel[lane];
            }
        }
    }
}

static int8_t finish(const wk_requantization *to, int32_t k, int32_t sum) {
    return wk_requantize(sum, to->multiplier[k], to->shift[k], to->zero_point, to->low, to->high);
}

/* Sums of four channels. */
typedef struct {
    int32_t a, b, c, d;
} four_sums;

/* `taps` taps of four channels; `weights` of the next tap are `outputs` further. */
static inline four_sums add_taps(four_sums sums, const int8_t *values, int32_t step,
                                 const int8_t *weights, int32_t outputs, int32_t taps) {
    for (; taps > 0; taps--, values += step, weights += outputs) {
        sums.a = wk_multiply_add(values[0], weights[0], sums.a);
        sums.b = wk_multiply_add(values[1], weights[1], sums.b);
        sums.c = wk_multiply_add(values[2], weights[2], sums.c);
        sums.d = wk_multiply_add(values[3], weights[3], sums.d);
    }
    return sums;
}

/* Four channels with one filter each: `seen` is the window's first column in the first slot,
 * `slot` the slot of its first row, `first` the first of the channels. */
static void filter_four(const depthwise *of, const int8_t *seen, int32_t slot, int32_t first,
                        int8_t *target) {
    const wk_depthwise_conv_2d_layer *layer = of->layer;
    const int32_t outputs = of->outputs, columns = layer->kernel_columns;
    const int32_t step = layer->dilation_columns * WK_LANES, row_bytes = of->span * WK_LANES;
    const int32_t *bias = layer->bias + first;
    const int8_t *weights = layer->weights + first;
    four_sums sums = {bias[0], bias[1], bias[2], bias[3]};
    for (int32_t rows = layer->kernel_rows; rows > 0; rows--, weights += columns * outputs) {
        const int8_t *values = seen + slot * row_bytes;
        if (columns == 3 && step == WK_LANES) { /* the common case, without a loop */
            sums = add_taps(sums, values, WK_LANES, weights, outputs, 3);
        } else {
            sums = add_taps(sums, values, step, weights, outputs, columns);
        }
        slot += layer->dilation_rows;
        slot = slot >= of->extent ? slot - of->extent : slot;
    }
    target[0] = finish(&layer->requantization, first, sums.a);
    target[1] = finish(&layer->requantization, first + 1, sums.b);
    target[2] = finish(&layer->requantization, first + 2, sums.c);
    target[3] = finish(&layer->requantization, first + 3, sums.d);
}

/* One filter over one lane. */
static int8_t filter_one(const depthwise *of, const int8_t *seen, int32_t slot, int32_t k) {
    const wk_depthwise_conv_2d_layer *layer = of->layer;
    const int32_t step = layer->dilation_columns * WK_LANES;
    const int8_t *weights = layer->weights + k;
    int32_t sum = layer->bias[k];
    for (int32_t i = 0; i < layer->kernel_rows; i++) {
        const int8_t *values = seen + slot * of->span * WK_LANES;
        for (int32_t j = 0; j < layer->kernel_columns; j++) {
            sum = wk_multiply_add(*values, *weights, sum);
            values += step;
            weights += of->outputs;
        }
        slot += layer->dilation_rows;
        slot = slot >= of->extent ? slot - of->extent : slot;
    }
    return finish(&layer->requantization, k, sum);
}

/* One row of outputs of the channels from `first`; `slot` is that of the windows' first row. */
static void filter_row(const depthwise *of, const int8_t *rows, int32_t slot, int32_t first,
                       int32_t lanes, int8_t *target) {
    const int32_t multiplier = of->layer->multiplier;
    const int32_t step = of->layer->stride_columns * WK_LANES;
    for (int32_t column = 0; column < of->window->columns; column++) {
        int32_t k = first * multiplier;
        if (multiplier == 1 && lanes == WK_LANES) {
            filter_four(of, rows, slot, first, target + first);
        } else {
            for (int32_t lane = 0; lane < lanes; lane++) {
                for (int32_t copy = 0; copy < multiplier; copy++, k++) {
                    target[k] = filter_one(of, rows + lane, slot, k);
                }
            }
        }
        rows += step;
        target += of->outputs;
    }
}

void wk_depthwise_conv_2d(const wk_depthwise_conv_2d_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch) {
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t wide = (layer->kernel_columns - 1) * layer->dilation_columns + 1;
    const int32_t span = (window->columns - 1) * layer->stride_columns + wide;
    const depthwise of = {layer, window, extent, span, layer->inputs * layer->multiplier};
    int8_t *const rows = scratch;
    for (int32_t first = 0; first < layer->inputs; first += WK_LANES) {
        const int32_t lanes = layer->inputs - first < WK_LANES ? layer->inputs - first : WK_LANES;
        int32_t loaded = 0; /* rows, from the first window's first one */
        for (int32_t row = 0; row < window->rows; row++) {
            const int32_t above = row * layer->stride_rows;
            for (loaded = loaded > above ? loaded : above; loaded < above + of.extent; loaded++) {
                load_row(&of, input, window->top + loaded, first, lanes,
                         rows + loaded % of.extent * of.span * WK_LANES);
            }
            filter_row(&of, rows, above % of.extent, first, lanes,
                       output + row * window->output_pixels * of.outputs);
        }
    }
}
