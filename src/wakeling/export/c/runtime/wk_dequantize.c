/* From integers to float: one rounding, that of the product. */
#include "wk_kernels.h"

void wk_dequantize(const wk_dequantize_layer *layer, const void *input, float *output,
                   int32_t pixels) {
    const uint8_t *bytes = input;
    const int32_t sign = layer->is_unsigned ? 0 : 128; /* flipped, then taken off: a signed byte */
    for (int32_t left = pixels * layer->channels; left > 0; left--) {
        const int32_t value = (*bytes++ ^ sign) - sign;
        *output++ = layer->scale * (float)(value - layer->zero_point);
    }
}
