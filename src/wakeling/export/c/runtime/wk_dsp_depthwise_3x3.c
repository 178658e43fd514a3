/* 3x3 depthwise convolution on cores with DSP, two channels at a time, stride 1 or 2.
 *
 * The three rows that a row of windows sees are kept in scratch as int16, so that the output may
 * lie over the input. Margins are filled in once.
 */
#include "wk_dsp_rows.h"

/* How rows go to scratch. A row has `words` pairs of pixels, of which the image fills `span`, from
 * word `first` on and from column `column` of the image. */
typedef struct {
    wk_span span;
    int32_t words, first, column;
    wk_pair fill;
} wk_loading;

static wk_loading loading_of(const wk_dsp_depthwise_layer *layer, const wk_window *window) {
    wk_loading made;
    made.words = (window->columns + 1) / 2 * layer->stride_columns + 1;
    const int32_t most = 2 * made.words;
    const int32_t before = window->left >= 0 ? 0 : -window->left < most ? -window->left : most;
    made.column = window->left + before;
    int32_t inside = window->width - made.column;
    inside = inside < 0 ? 0 : inside > most - before ? most - before : inside;
    made.first = before / 2;
    made.span.step = layer->channels;
    made.span.lead = before % 2 != 0 && inside > 0;
    made.span.pairs = (inside - made.span.lead) / 2;
    made.span.trail = (inside - made.span.lead) % 2;
    made.span.plane = 4 * WK_SLOTS * made.words;
    made.fill = wk_as_pair(layer->input_zero_point, layer->input_zero_point);
    return made;
}

/* A row of two channels that lies in the margin. */
static __attribute__((noinline)) void fill_row(const wk_loading *loading, wk_pair *slot) {
    for (int32_t i = 0; i < loading->words; i++, slot += WK_SLOTS) {
        slot[0] = loading->fill;
        slot[WK_SLOTS * loading->words] = loading->fill;
    }
}

/* A row of the last channel, where that is alone: what lies behind it may be no memory of ours. */
static __attribute__((noinline)) void load_alone(const wk_loading *loading, wk_pair *slot,
                                                 const int8_t *from) {
    const wk_span *span = &loading->span;
    const int32_t pixels = span->lead + 2 * span->pairs + span->trail;
    for (int32_t i = 0, half = span->lead; i < pixels; i++, half++, from += span->step) {
        wk_pair *word = slot + half / 2 * WK_SLOTS;
        *word = half % 2 != 0 ? wk_as_pair(wk_low_half(*word), *from)
                              : wk_as_pair(*from, wk_high_half(*word));
    }
}

/* Twice the weights of a channel for slots 0, 1, 2, 0, 1: from which one on depends on the row. */
static void expand_weights(const int8_t *weights, wk_pair *expanded) {
    for (int32_t i = 0; i < 3; i++, weights += 3) {
        const int32_t middle = 2 * weights[1];
        expanded[2 * i] = wk_as_pair(2 * weights[0], middle);
        expanded[2 * i + 1] = wk_as_pair(middle, 2 * weights[2]);
    }
    for (int32_t i = 0; i < 4; i++) {
        expanded[6 + i] = expanded[i];
    }
}

/* One channel's numbers. */
static wk_row row_of(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                     int32_t channel) {
    const int32_t bytes = 4 * WK_SLOTS * layer->stride_columns;
    wk_row row;
    row.twice_bias = (int32_t)((uint32_t)layer->bias[channel] << 1);
    row.multiplier = layer->multiplier[channel];
    row.exponent = layer->exponent[channel];
    row.offset = wk_offset(layer->requantization.zero_point, row.exponent);
    row.step = layer->channels;
    row.odd = window->columns % 2 * bytes;
    row.bytes = window->columns / 2 * bytes;
    return row;
}

void wk_dsp_depthwise_3x3(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch) {
    const wk_loading loading = loading_of(layer, window);
    const int32_t channels = layer->channels, stride = layer->stride_rows;
    wk_pair *const first = scratch, *const second = first + WK_SLOTS * loading.words;
    const int32_t row_bytes = window->width * channels,
                  output_bytes = window->output_pixels * channels;
    const int8_t *image = input + loading.column * channels;
    for (int32_t slot = 0; slot < WK_SLOTS; slot++) {
        fill_row(&loading, first + slot);
    }
    for (int32_t channel = 0; channel < channels; channel += 2, image += 2) {
        const int32_t is_alone = channel + 1 == channels;
        wk_pair weights[2][10];
        wk_row rows[2];
        for (int32_t c = 0; c < 2 - is_alone; c++) {
            expand_weights(layer->weights + 9 * (channel + c), weights[c]);
            rows[c] = row_of(layer, window, channel + c);
        }
        /* The next row of the image goes to slot `slot`; slot 0 has the kernel row `turn` / 2. */
        int32_t loaded = window->top, slot = 0, turn = 0;
        int8_t *target = output + channel;
        for (int32_t below = loaded + 3, row = 0; row < window->rows; row++, below += stride) {
            for (; loaded < below; loaded++) {
                if (loaded < 0 || loaded >= window->height) {
                    fill_row(&loading, first + slot);
                } else if (is_alone) {
                    load_alone(&loading, first + slot + loading.first * WK_SLOTS,
                               image + loaded * row_bytes);
                } else {
                    wk_dsp_load_row(first + slot + loading.first * WK_SLOTS,
                                    image + loaded * row_bytes, &loading.span);
                }
                slot = slot == 2 ? 0 : slot + 1;
            }
            layer->run(first, &rows[0], target, weights[0] + turn);
            if (!is_alone) {
                layer->run(second, &rows[1], target + 1, weights[1] + turn);
            }
            target += output_bytes;
            turn += 2 * (3 - stride % 3);
            turn = turn < 6 ? turn : turn - 6;
        }
    }
}
