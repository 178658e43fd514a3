/* The mean over whole axes. */
#include "wk_arithmetic.h"
#include "wk_axes.h"
#include "wk_kernels.h"

void wk_mean(const wk_mean_layer *layer, const int8_t *input, int8_t *output) {
    const int32_t places = wk_places(&layer->added);
    wk_place kept = {{0}, 0};
    for (int32_t o = 0; o < layer->outputs; o++) {
        wk_place added = {{0}, 0};
        int32_t sum = -layer->zero_points;
        for (int32_t place = 0; place < places; place++) {
            const int8_t *value = input + kept.offset + added.offset;
            for (int32_t k = 0; k < layer->terms; k++, value += layer->stride) {
                sum += *value;
            }
            wk_next(&layer->added, &added);
        }
        output[o] = wk_requantize(sum, layer->multiplier, layer->shift, layer->zero_point,
                                  layer->low, layer->high);
        wk_next(&layer->kept, &kept);
    }
}
