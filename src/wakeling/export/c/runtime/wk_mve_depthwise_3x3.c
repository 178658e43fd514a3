/* Depthwise convolution with a kernel of 3x3 on cores with Helium, one channel after the other.
 *
 * A channel's rows are copied to scratch, transposed, with their margins filled in, so that the output
 * may lie over the input: row y of column x is byte 4 * x + y. A row takes the place of the one four rows
 * above and a column to the right, which has been used by then, so that nothing ever moves but where the
 * window begins.
 */
#include <string.h>

#include "wk_mve_depthwise_rows.h"

enum { WK_ROWS = 4 };

/* Where a channel's rows come from: `columns` pixels from `input` on, with margins beside them. */
typedef struct {
    const int8_t *input;
    int32_t channels, row_bytes, height;
    int32_t margin, columns, span;
    uint32_t zero_points; /* two bytes */
    uint16_t from[8], to[8];
} wk_mve_source;

static void put(int8_t *to, uint32_t two) {
    const uint16_t half = (uint16_t)two;
    memcpy(to, &half, sizeof half);
}

/* Rows y and y + 1, as two bytes of each column. */
static inline void load_rows(const wk_mve_source *source, int32_t y, int8_t *to) {
    const int32_t is_first = y >= 0 && y < source->height;
    const int32_t is_second = y + 1 >= 0 && y + 1 < source->height;
    for (int32_t x = 0; x < source->margin; x++, to += WK_ROWS) {
        put(to, source->zero_points);
    }
    const int8_t *first = source->input + (is_first ? y : y + 1) * source->row_bytes;
    const int8_t *second = is_second ? source->input + (y + 1) * source->row_bytes : first;
    int8_t *place = to;
    if (is_first || is_second) {
        __asm volatile("vldrw.32 q2, [%[from]]\n"
                       "vldrw.32 q3, [%[offsets]]\n"
                       "wlstp.16 lr, %[columns], 2f\n"
                       "1:\n"
                       "vldrb.u16 q0, [%[first], q2]\n"
                       "vldrb.u16 q1, [%[second], q2]\n"
                       "vsli.16 q0, q1, #8\n"
                       "vstrh.16 q0, [%[place], q3]\n"
                       "add %[first], %[first], %[step]\n"
                       "add %[second], %[second], %[step]\n"
                       "add %[place], %[place], #32\n"
                       "letp lr, 1b\n"
                       "2:\n"
                       : [first] "+r"(first), [second] "+r"(second), [place] "+r"(place)
                       : [from] "r"(source->from), [offsets] "r"(source->to),
                         [columns] "r"(source->columns), [step] "r"(8 * source->channels)
                       : "q0", "q1", "q2", "q3", "lr", "memory");
    }
    if (!(is_first && is_second)) {
        int8_t *at = to;
        for (int32_t x = 0; x < source->columns; x++, at += WK_ROWS) {
            if (!is_first) {
                at[0] = (int8_t)(uint8_t)source->zero_points;
            }
            if (!is_second) {
                at[1] = (int8_t)(uint8_t)source->zero_points;
            }
        }
    }
    to += source->columns * WK_ROWS;
    for (int32_t x = source->margin + source->columns; x < source->span; x++, to += WK_ROWS) {
        put(to, source->zero_points);
    }
}

static void prepare(const wk_mve_depthwise_layer *layer, int32_t c, wk_mve_channel *channel) {
    const int8_t *weights = layer->weights + 9 * c;
    const int32_t shift = layer->shift[c];
    memset(channel->weights, 0, sizeof channel->weights);
    for (int32_t i = 0; i < 3; i++) {
        for (int32_t j = 0; j < 3; j++) {
            const int8_t weight = *weights++;
            int8_t *place = channel->weights[0] + WK_ROWS * j + i;
            place[0] = weight;
            place[16 + WK_ROWS] = weight;
            place[32 + 1] = weight;
            place[48 + WK_ROWS + 1] = weight;
        }
    }
    channel->bias = layer->bias[c];
    channel->multiplier = layer->multiplier[c];
    channel->right = shift < 0 ? shift : 0;
    channel->left = shift > 0 ? shift : 0;
}

void wk_mve_depthwise_3x3(const wk_mve_depthwise_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch) {
    const wk_mve_requantization *to = &layer->requantization;
    const int32_t channels = layer->channels, stride = layer->stride;
    const int32_t span = (window->columns - 1) * stride + 3;
    const int32_t first = window->left > 0 ? window->left : 0;
    const int32_t end = window->left + span < window->width ? window->left + span : window->width;
    const int32_t row_step = window->output_pixels * channels;
    const int32_t is_paired = stride == 1 && to->is_plain && to->low == -128 && to->high == 127;
    wk_mve_source source = {input + first * channels, channels, window->width * channels, window->height,
                            first - window->left, end > first ? end - first : 0, span,
                            (uint32_t)(uint8_t)layer->input_zero_point * 257U, {0}, {0}};
    wk_mve_channel channel;
    for (int32_t k = 0; k < 8; k++) {
        source.from[k] = (uint16_t)(k * channels);
        source.to[k] = (uint16_t)(k * WK_ROWS);
        channel.offsets[k] = (uint16_t)(k / 2 * channels + k % 2 * row_step);
    }
    for (int32_t k = 0; k < 4; k++) {
        channel.single_offsets[k] = (uint32_t)(k * channels);
    }
    channel.zero_point = to->zero_point;
    channel.step = 4 * channels;
    channel.low = to->low;
    channel.high = to->high;
    /* Rows begin at most so far behind the scratch's first byte. */
    const int32_t most = 3 * WK_ROWS * ((span + 6) / 4 * 4) - WK_ROWS * (span + 8);
    int8_t *const start = scratch;
    for (int32_t c = 0; c < channels; c++, source.input++, output++) {
        int8_t *rows = start;
        int8_t *target = output;
        int32_t y = window->top;
        prepare(layer, c, &channel);
        load_rows(&source, y, rows);
        for (int32_t row = 0; row < window->rows;) {
            if (rows - start > most) {
                memmove(start, rows, (size_t)(WK_ROWS * span));
                rows = start;
            }
            y += 2;
            load_rows(&source, y, rows + 2);
            if (is_paired && row + 1 < window->rows) {
                wk_mve_two_rows(&channel, rows, target, window->columns);
                row += 2;
                target += 2 * row_step;
            } else {
                const int32_t count = stride == 1 && row + 1 < window->rows ? 2 : 1;
                for (int32_t k = 0; k < count; k++, row++, target += row_step) {
                    if (stride == 1) {
                        (to->is_plain ? wk_mve_row_plain : wk_mve_row_any)(&channel, rows + k, target,
                                                                          window->columns);
                    } else {
                        (to->is_plain ? wk_mve_row_plain_by_two : wk_mve_row_any_by_two)(
                            &channel, rows, target, window->columns);
                    }
                }
            }
            rows += 2;
        }
    }
}
