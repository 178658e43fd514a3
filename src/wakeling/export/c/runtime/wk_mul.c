/* Products of the integers, at the output's scale. */
#include "wk_arithmetic.h"
#include "wk_kernels.h"

void wk_mul(const wk_mul_layer *layer, const int8_t *left, const int8_t *right, int8_t *output,
            int32_t pixels) {
    const wk_operand one = layer->left, other = layer->right;
    int32_t channels = layer->channels;
    left = left == NULL ? layer->constant : left;
    right = right == NULL ? layer->constant : right;
    if (one.pixel_stride == channels && other.pixel_stride == channels) {
        channels *= pixels; /* both are as large as the output: one long pixel */
        pixels = 1;
    }
    for (; pixels > 0; pixels--, left += one.pixel_stride, right += other.pixel_stride) {
        const int8_t *a = left, *b = right;
        for (int32_t c = 0; c < channels; c++, a += one.channel_stride, b += other.channel_stride) {
            const int32_t product = (*a - one.zero_point) * (*b - other.zero_point);
            *output++ = wk_requantize(product, layer->multiplier, layer->shift, layer->zero_point,
                                      layer->low, layer->high);
        }
    }
}
