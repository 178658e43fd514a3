/* A function of single bytes for each of a few channels, by tables. */
#include "wk_kernels.h"

void wk_channel_tables(const wk_table_layer *layer, const void *input, void *output, int32_t pixels) {
    const int32_t channels = layer->channels;
    const uint8_t *from = input;
    uint8_t *to = output;
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const uint8_t *values = layer->values;
        for (int32_t channel = 0; channel < channels; channel++, values += 256) {
            *to++ = values[*from++];
        }
    }
}
