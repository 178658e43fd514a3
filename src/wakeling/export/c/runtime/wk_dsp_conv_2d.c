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
                         int8_t *const *targets) {
    const wk_dsp_requantization *to = &layer->requantization;
    const int32_t pairs = layer->is_packed ? layer->outputs / 2 : 0;
    if (pairs > 0) {
        const int32_t *end = layer->stream + pairs * (WK_BEFORE + 2 * fours + WK_BEHIND);
        const int32_t mode = to->mode;
        (mode == WK_RELU     ? wk_dsp_filter_relu
         : mode == WK_LINEAR ? wk_dsp_filter_linear
                             : wk_dsp_filter_clamped)(targets[0], targets[1], targets[2], layer->stream,
                                                      end, gathered, 8 * fours, 2 * to->zero_point + 1,
                                                      to->low, to->high);
    }
    if (2 * pairs < layer->outputs) {
        for (int32_t p = 0; p < WK_PIXELS; p++) {
            filter_one(layer, gathered + p, fours, 2 * pairs, targets[p]);
        }
    }
}

void wk_dsp_conv_2d(const wk_dsp_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch) {
    wk_pair *const gathered = scratch;
    const wk_gathering gathering = wk_gathering_of(layer);
    const int32_t row_bytes = window->width * layer->inputs;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t is_pointwise = layer->kernel_rows * layer->kernel_columns == 1;
    const int32_t is_backward = input == output && is_pointwise && layer->outputs > layer->inputs;
    const int32_t step = is_backward ? -1 : 1;
    wk_source source = {input, window->height};
    int8_t *ring = NULL;
    int32_t loaded = 0;
    if (input == output && !is_pointwise) {
        source.rows = extent < window->height ? extent : window->height;
        ring = (int8_t *)scratch + wk_dsp_windows_bytes(gathering.fours);
        source.image = ring;
    }
    int32_t row = is_backward ? window->rows - 1 : 0;
    int32_t column = is_backward ? window->columns - 1 : 0;
    for (int32_t pixels = window->rows * window->columns, count; pixels > 0; pixels -= count) {
        wk_place places[WK_PIXELS];
        int8_t *targets[WK_PIXELS];
        count = pixels < WK_PIXELS ? 1 : WK_PIXELS;
        /* A ring has the rows of one row of windows at a time. */
        const int32_t is_one_row = ring == NULL || column + count <= window->columns;
        int32_t are_inside = count == WK_PIXELS;
        for (int32_t p = 0; p < count; p++) {
            places[p].y = window->top + row * layer->stride_rows;
            places[p].x = window->left + column * layer->stride_columns;
            targets[p] = output + (row * window->output_pixels + column) * layer->outputs;
            are_inside = are_inside && wk_is_inside(layer, window, &gathering, places[p]);
            for (; ring != NULL && loaded < places[p].y + extent && loaded < window->height; loaded++) {
                memcpy(ring + loaded % source.rows * row_bytes, input + loaded * row_bytes,
                       (size_t)row_bytes);
            }
            if (!is_one_row) {
                wk_gather_one(layer, window, &gathering, &source, places[p], gathered + p);
            }
            column += step;
            if (column < 0 || column >= window->columns) {
                column = is_backward ? window->columns - 1 : 0;
                row += step;
            }
        }
        if (is_one_row && are_inside) {
            wk_gather_three(layer, window, &gathering, &source, places, gathered);
        } else if (is_one_row) {
            for (int32_t p = 0; p < count; p++) {
                wk_gather_one(layer, window, &gathering, &source, places[p], gathered + p);
            }
        }
        if (count == 1) {
            filter_one(layer, gathered, gathering.fours, 0, targets[0]);
        } else {
            filter_three(layer, gathered, gathering.fours, targets);
        }
    }
}
