/* Convolution on cores with DSP: three windows are gathered as int16, then all filters run over them,
 * two at a time.
 *
 * The output may lie over the input. A 1x1 kernel then runs forward over the pixels, or backward
 * where they grow; a larger one keeps the last rows of the input in a ring behind the windows.
 */
#include "wk_dsp_gather.h"

/* All filters over one window, from output `first` (even) on. */
static __attribute__((noinline)) void filter_one(const wk_dsp_conv_2d_layer *layer, const wk_pair *gathered,
                                                 int32_t fours, int32_t first, int8_t *target) {
    const int32_t *stream = layer->stream + first / 2 * (WK_BEFORE + 2 * fours + WK_BEHIND);
    wk_filter_any(&layer->requantization, stream, gathered, WK_PIXELS, fours, layer->outputs - first,
                  target + first, layer->is_packed);
}

/* All filters over three windows; a last output that is alone is computed apart. */
static void filter_three(const wk_dsp_conv_2d_layer *layer, const wk_pair *gathered, int32_t fours,
                         int8_t *first, int8_t *second, int8_t *third) {
    const wk_dsp_requantization *to = &layer->requantization;
    const int32_t pairs = layer->is_packed ? layer->outputs / 2 : 0;
    if (pairs > 0) {
        const int32_t *end = layer->stream + pairs * (WK_BEFORE + 2 * fours + WK_BEHIND);
        WK_FILTER_THREE((*const run)) = to->mode == WK_RELU     ? wk_dsp_filter_relu
                                        : to->mode == WK_LINEAR ? wk_dsp_filter_linear
                                                                : wk_dsp_filter_clamped;
        run(first, second, third, layer->stream, end, gathered, 8 * fours, 2 * to->zero_point + 1, to->low,
            to->high);
    }
    if (2 * pairs < layer->outputs) {
        filter_one(layer, gathered, fours, 2 * pairs, first);
        filter_one(layer, gathered + 1, fours, 2 * pairs, second);
        filter_one(layer, gathered + 2, fours, 2 * pairs, third);
    }
}

/* A 1x1 kernel over pixels that lie one behind the other, as their outputs do. */
static void over_pixels(const wk_dsp_conv_2d_layer *layer, const int8_t *input, int8_t *output,
                        int32_t pixels, int32_t is_backward, wk_pair *gathered) {
    const int32_t inputs = layer->inputs, outputs = layer->outputs, fours = (inputs + 3) / 4;
    for (int32_t left = pixels, count; left > 0; left -= count) {
        count = left < WK_PIXELS ? 1 : WK_PIXELS;
        const int32_t pixel = is_backward ? left - count : pixels - left;
        const int8_t *from = input + pixel * inputs;
        int8_t *target = output + pixel * outputs;
        if (count == 1) {
            wk_rest rest = {gathered, 0, 0};
            for (int32_t k = 0; k < 4 * fours; k++) {
                wk_keep(&rest, k < inputs ? from[k] : (int8_t)0);
            }
            filter_one(layer, gathered, fours, 0, target);
            continue;
        }
        wk_pair *to = wk_dsp_expand_three(gathered, from, from + inputs, from + 2 * inputs, inputs / 4);
        for (int32_t p = 0; inputs % 4 != 0 && p < WK_PIXELS; p++) {
            wk_rest rest = {to + p, 0, 0};
            for (int32_t k = inputs & ~3; k < 4 * fours; k++) {
                wk_keep(&rest, k < inputs ? from[p * inputs + k] : (int8_t)0);
            }
        }
        filter_three(layer, gathered, fours, target, target + outputs, target + 2 * outputs);
    }
}

/* Any windows, of the last row that a ring has, or of all rows. */
static void over_windows(const wk_dsp_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                         int8_t *output, wk_pair *gathered) {
    const wk_gathering gathering = wk_gathering_of(layer);
    const int32_t row_bytes = window->width * layer->inputs, outputs = layer->outputs;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t last = (WK_PIXELS - 1) * layer->stride_columns + gathering.columns;
    wk_source source = {input, window->height};
    int8_t *ring = NULL;
    int32_t loaded = 0;
    if (input == output) {
        source.rows = extent < window->height ? extent : window->height;
        ring = (int8_t *)gathered + wk_dsp_windows_bytes(gathering.fours);
        source.image = ring;
    }
    wk_place place = {window->top, window->left};
    int32_t row = 0, column = 0;
    for (int32_t left = window->rows * window->columns, count; left > 0; left -= count) {
        int8_t *targets[WK_PIXELS];
        for (; ring != NULL && loaded < place.y + extent && loaded < window->height; loaded++) {
            memcpy(ring + loaded % source.rows * row_bytes, input + loaded * row_bytes, (size_t)row_bytes);
        }
        targets[0] = output + (row * window->output_pixels + column) * outputs;
        if (column + WK_PIXELS <= window->columns && gathering.per_row == 1 && place.y >= 0 &&
            place.y + extent <= window->height && place.x >= 0 && place.x + last <= window->width) {
            wk_gather_three(layer, window, &gathering, &source, place, gathered);
            targets[1] = targets[0] + outputs;
            targets[2] = targets[1] + outputs;
            count = WK_PIXELS;
            column += count;
            place.x += count * layer->stride_columns;
        } else {
            /* Over the end of a row where all rows are in memory. */
            const int32_t most = ring == NULL ? left : window->columns - column;
            count = most < WK_PIXELS ? 1 : WK_PIXELS;
            for (int32_t p = 0; p < count; p++) {
                if (column == window->columns) {
                    column = 0;
                    row++;
                    place.x = window->left;
                    place.y += layer->stride_rows;
                }
                targets[p] = output + (row * window->output_pixels + column) * outputs;
                wk_gather_one(layer, window, &gathering, &source, place, gathered + p);
                column++;
                place.x += layer->stride_columns;
            }
        }
        if (count == 1) {
            filter_one(layer, gathered, gathering.fours, 0, targets[0]);
        } else {
            filter_three(layer, gathered, gathering.fours, targets[0], targets[1], targets[2]);
        }
        if (column == window->columns) {
            column = 0;
            row++;
            place.x = window->left;
            place.y += layer->stride_rows;
        }
    }
}

void wk_dsp_conv_2d(const wk_dsp_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch) {
    const int32_t are_pixels = layer->kernel_rows * layer->kernel_columns == 1 && layer->stride_rows == 1 &&
                               layer->stride_columns == 1 && window->left == 0 &&
                               window->columns == window->width && window->top >= 0 &&
                               window->top + window->rows <= window->height &&
                               window->output_pixels == window->columns;
    if (are_pixels) {
        over_pixels(layer, input + window->top * window->width * layer->inputs, output,
                    window->rows * window->columns, input == output && layer->outputs > layer->inputs,
                    scratch);
    } else {
        over_windows(layer, window, input, output, scratch);
    }
}
