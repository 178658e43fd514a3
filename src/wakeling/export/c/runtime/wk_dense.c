/* A dense layer in plain C. */
#include "wk_arithmetic.h"
#include "wk_kernels.h"

void wk_dense(const wk_dense_layer *layer, const int8_t *input, int8_t *output) {
    const wk_requantization *to = &layer->requantization;
    for (int32_t o = 0; o < layer->outputs; o++) {
        const int8_t *weights = layer->weights + o * layer->inputs;
        const int32_t channel = layer->channels > 1 ? o : 0;
        int32_t sum = layer->bias[o];
        for (int32_t k = 0; k < layer->inputs; k++) {
            sum = wk_multiply_add(input[k], weights[k], sum);
        }
        output[o] = wk_requantize(sum, to->multiplier[channel], to->shift[channel], to->zero_point, to->low,
                                  to->high);
    }
}
