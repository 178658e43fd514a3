/* A dense layer on cores with DSP: two units at a time, from bytes that are expanded on the way. */
#include "wk_dsp_filter.h"

WK_INLINE void dense(const wk_dsp_dense_layer *layer, const int8_t *input, int8_t *output,
                     int32_t is_packed, int32_t mode) {
    const int32_t *stream = layer->stream;
    const int32_t fours = layer->inputs / 4, left = layer->inputs % 4;
    uint32_t rest = 0;
    for (int32_t k = 0; k < left; k++) {
        rest |= (uint32_t)(uint8_t)input[4 * fours + k] << (8 * k);
    }
    for (int32_t o = 0; o < layer->outputs; o += 2) {
        wk_two sums = {stream[0], stream[1]};
        stream += WK_BEFORE;
        for (int32_t k = 0; k < fours; k++, stream += 2) {
            const uint32_t four = wk_four(input + 4 * k);
            sums = wk_add_four(sums, stream, wk_even_bytes(four), wk_odd_bytes(four), is_packed);
        }
        if (left > 0) {
            sums = wk_add_four(sums, stream, wk_even_bytes(rest), wk_odd_bytes(rest), is_packed);
            stream += 2;
        }
        wk_finish_two(sums, stream, &layer->requantization, output, o, layer->outputs, is_packed,
                      mode);
        stream += WK_BEHIND;
    }
}

void wk_dsp_dense(const wk_dsp_dense_layer *layer, const int8_t *input, int8_t *output) {
    dense(layer, input, output, 1, WK_CLAMPED);
}

void wk_dsp_dense_plain(const wk_dsp_dense_layer *layer, const int8_t *input, int8_t *output) {
    dense(layer, input, output, 0, WK_GENERAL);
}
