/* Depthwise convolution with a kernel of up to 8x8 on cores with Helium, one channel after the
 * other.
 *
 * Eight rows of the channel are in scratch, transposed, with margins beside them, so that the
 * output may lie over the input.
 */
#include <string.h>

#include "wk_mve_eight_rows.h"

typedef void wk_mve_compute_channel(wk_mve_eight_rows *channel);

static wk_mve_compute_channel *function_for(int32_t kernel_columns) {
    return kernel_columns > 6   ? wk_mve_eight_columns
           : kernel_columns > 4 ? wk_mve_six_columns
           : kernel_columns > 2 ? wk_mve_four_columns
                                : wk_mve_two_columns;
}

/* What all channels have in common. */
static void prepare(const wk_mve_depthwise_layer *layer, const wk_window *window, int8_t *scratch,
                    wk_mve_eight_rows *channel) {
    const wk_mve_requantization *to = &layer->requantization;
    const int32_t channels = layer->channels;
    const int32_t span = (window->columns - 1) * layer->stride_columns + layer->kernel_columns;
    const int32_t first = window->left > 0 ? window->left : 0;
    const int32_t end = window->left + span < window->width ? window->left + span : window->width;
    for (int32_t k = 0; k < 8; k++) {
        channel->from[k] = (uint16_t)(k * channels);
        channel->to[k] = (uint16_t)(8 * k);
        channel->turned[k] = (uint8_t)k;
        channel->turned[8 + k] = (uint8_t)(16 + k);
        channel->weights_from[k] = (uint16_t)(k * layer->kernel_columns);
    }
    for (int32_t k = 0; k < 4; k++) {
        channel->one_row[k] = (uint32_t)(k * channels);
        channel->low[k] = to->low;
        channel->high[k] = to->high;
    }
    memset(channel->doubled, 0, sizeof channel->doubled);
    channel->zero_point = to->zero_point;
    channel->step = 4 * channels;
    channel->column_step = 8 * layer->stride_columns;
    channel->last = window->height - 1;
    channel->row_bytes = window->width * channels;
    channel->place = scratch + 8 * (first - window->left);
    channel->columns = end > first ? end - first : 0;
    channel->next = 8 * channels;
    channel->input_zero_point = layer->input_zero_point;
    channel->kept = scratch;
    channel->fours = window->columns / 4;
    channel->rest = window->columns % 4;
    channel->output_row = window->output_pixels * channels;
    channel->kernel_rows = layer->kernel_rows;
    channel->kernel_columns = layer->kernel_columns;
    channel->stride_rows = layer->stride_rows;
    wk_mve_fill(scratch, layer->input_zero_point, 8 * span);
}

void wk_mve_depthwise(const wk_mve_depthwise_layer *layer, const wk_window *window,
                      const int8_t *input, int8_t *output, void *scratch) {
    wk_mve_compute_channel *const compute = function_for(layer->kernel_columns);
    wk_mve_eight_rows channel;
    prepare(layer, window, scratch, &channel);
    const int32_t first = window->left > 0 ? window->left : 0;
    channel.weights = layer->weights;
    for (int32_t c = 0; c < layer->channels; c++) {
        const int32_t shift = layer->shift[c];
        channel.bias = layer->bias[c];
        channel.multiplier = layer->multiplier[c];
        channel.right = shift < 0 ? shift : 0;
        channel.left = shift > 0 ? shift : 0;
        channel.input = input + first * layer->channels + c;
        channel.output = output + c;
        channel.row = window->top;
        channel.rows = window->rows;
        channel.slot = 0;
        channel.start = 0;
        compute(&channel);
        channel.weights += layer->kernel_rows * layer->kernel_columns;
    }
}
