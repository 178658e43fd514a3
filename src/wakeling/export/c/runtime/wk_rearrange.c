/* The values of a tensor in another order, or some of them. The output may lie over the input
 * where every value comes from its own place or from behind it. */
#include <string.h>

#include "wk_axes.h"
#include "wk_kernels.h"

void wk_rearrange(const wk_rearrange_layer *layer, const void *input, void *output) {
    const int8_t *const start = (const int8_t *)input + layer->start;
    int8_t *to = output;
    wk_place outer = {{0}, 0};
    for (int32_t places = wk_places(&layer->outer); places > 0; places--) {
        const int8_t *from = start + outer.offset;
        if (layer->run_bytes == 1) {
            for (int32_t run = 0; run < layer->runs; run++, from += layer->stride) {
                *to++ = *from;
            }
        } else {
            for (int32_t run = 0; run < layer->runs; run++, from += layer->stride) {
                memmove(to, from, (size_t)layer->run_bytes);
                to += layer->run_bytes;
            }
        }
        wk_next(&layer->outer, &outer);
    }
}
