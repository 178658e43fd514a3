/* Depthwise convolution with a kernel of 3x3 on cores with Helium, one channel after the other.
 *
 * Four rows of the channel are in scratch, transposed, with margins beside them, so that the output
 * may lie over the input.
 */
#include "wk_mve_channel.h"

typedef void wk_mve_compute_channel(wk_mve_channel *channel);

static wk_mve_compute_channel *function_for(const wk_mve_depthwise_layer *layer) {
    const wk_mve_requantization *to = &layer->requantization;
    if (layer->stride_columns == 2) {
        return to->is_plain ? wk_mve_channel_by_two : wk_mve_channel_any_by_two;
    }
    return to->is_plain && to->low == -128 && to->high == 127 ? wk_mve_channel_in_pairs
                                                              : wk_mve_channel_any;
}

/* What all channels have in common. */
static void prepare(const wk_mve_depthwise_layer *layer, const wk_window *window, int8_t *scratch,
                    wk_mve_channel *channel) {
    const wk_mve_requantization *to = &layer->requantization;
    const int32_t channels = layer->channels;
    const int32_t span = (window->columns - 1) * layer->stride_columns + 3;
    const int32_t first = window->left > 0 ? window->left : 0;
    const int32_t end = window->left + span < window->width ? window->left + span : window->width;
    for (uint32_t k = 0; k < 16; k++) {
        channel->order[k] = (uint8_t)(k % 4 * 3 + k / 4);
    }
    channel->output_row = window->output_pixels * channels;
    for (int32_t k = 0; k < 8; k++) {
        channel->to[k] = (uint16_t)(4 * k);
        channel->from[k] = (uint16_t)(k * channels);
        channel->two_rows[k] = (uint16_t)(k / 2 * channels + k % 2 * channel->output_row);
    }
    for (int32_t k = 0; k < 4; k++) {
        channel->one_row[k] = (uint32_t)(k * channels);
    }
    channel->zero_point = to->zero_point;
    channel->low = to->low;
    channel->high = to->high;
    channel->step = 4 * channels;
    channel->next = 8 * channels;
    channel->last = window->height - 1;
    channel->row_bytes = window->width * channels;
    channel->columns = end > first ? end - first : 0;
    channel->zero_points = (uint32_t)(uint8_t)layer->input_zero_point * 257U;
    channel->kept = scratch;
    channel->fours = window->columns / 4;
    channel->rest = window->columns % 4;
    wk_mve_fill(scratch, layer->input_zero_point, 4 * span);
}

void wk_mve_depthwise_3x3(const wk_mve_depthwise_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch) {
    wk_mve_compute_channel *const compute = function_for(layer);
    wk_mve_channel channel;
    prepare(layer, window, scratch, &channel);
    const int32_t first = window->left > 0 ? window->left : 0;
    int8_t *const place = (int8_t *)scratch + 4 * (first - window->left);
    channel.weights = layer->weights;
    for (int32_t c = 0; c < layer->channels; c++, channel.weights += 9) {
        const int32_t shift = layer->shift[c];
        channel.bias = layer->bias[c];
        channel.multiplier = layer->multiplier[c];
        channel.right = shift < 0 ? shift : 0;
        channel.left = shift > 0 ? shift : 0;
        channel.input = input + first * layer->channels + c;
        channel.output = output + c;
        channel.row = window->top;
        channel.rows = window->rows;
        channel.place = place;
        compute(&channel);
    }
}
