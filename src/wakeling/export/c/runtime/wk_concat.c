/* Tensors one behind the other along an axis: the bytes of each in turn, for each place before
 * it. */
#include <string.h>

#include "wk_kernels.h"

void wk_concat(const wk_concat_layer *layer, const void *const *inputs, void *output,
               int32_t pixels) {
    int32_t whole = 0;
    for (int32_t i = 0; i < layer->inputs; i++) {
        whole += layer->bytes[i];
    }
    int8_t *start = output;
    for (int32_t i = 0; i < layer->inputs; start += layer->bytes[i], i++) {
        const int32_t bytes = layer->bytes[i];
        const int8_t *from = inputs[i];
        int8_t *to = start;
        for (int32_t pixel = 0; pixel < pixels; pixel++, from += bytes, to += whole) {
            memcpy(to, from, (size_t)bytes);
        }
    }
}
