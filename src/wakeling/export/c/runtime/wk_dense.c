/* A dense layer in plain C. */
#include "wk_dot.h"
#include "wk_kernels.h"

static int8_t finish(const wk_dense_layer *layer, int32_t output, int32_t sum) {
    const wk_requantization *to = &layer->requantization;
    const int32_t channel = layer->channels > 1 ? output : 0;
    return wk_requantize(sum, to->multiplier[channel], to->shift[channel], to->zero_point, to->low,
                         to->high);
}

void wk_dense(const wk_dense_layer *layer, const int8_t *input, int8_t *output) {
    const int32_t size = layer->inputs;
    const int8_t *weights = layer->weights;
    int32_t o = 0;
    for (; o + 1 < layer->outputs; o += 2, weights += 2 * size) {
        int32_t sums[2] = {layer->bias[o], layer->bias[o + 1]};
        wk_dot_2(input, weights, weights + size, size, sums);
        output[o] = finish(layer, o, sums[0]);
        output[o + 1] = finish(layer, o + 1, sums[1]);
    }
    if (o < layer->outputs) {
        output[o] = finish(layer, o, wk_dot(input, weights, size, layer->bias[o]));
    }
}
