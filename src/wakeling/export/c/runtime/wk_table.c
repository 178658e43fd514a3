/* Any function of single bytes, by a table: activations, and integers of one scale as those of
 * another. */
#include "wk_kernels.h"

void wk_table(const wk_table_layer *layer, const void *input, void *output, int32_t pixels) {
    const uint8_t *values = layer->values;
    const uint8_t *from = input;
    uint8_t *to = output;
    for (int32_t left = pixels * layer->channels; left > 0; left--) {
        *to++ = values[*from++];
    }
}
