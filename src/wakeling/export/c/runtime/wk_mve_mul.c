/* Products on cores with Helium; neither operand is broadcast along channels. */
#include "wk_mve_elementwise.h"

void wk_mve_mul(const wk_mul_layer *layer, const int8_t *left, const int8_t *right, int8_t *output,
                int32_t pixels) {
    const int32_t shift = layer->shift;
    wk_mve_elements elements = {left == NULL ? layer->constant : left,
                                right == NULL ? layer->constant : right,
                                output,
                                0,
                                layer->left.zero_point,
                                layer->right.zero_point,
                                0,
                                0,
                                0,
                                0,
                                layer->multiplier,
                                shift < 0 ? shift : 0,
                                layer->zero_point,
                                1,
                                layer->low,
                                layer->high,
                                shift > 0 ? shift : 0};
    wk_mve_elementwise(&elements, &layer->left, &layer->right, layer->channels, pixels,
                       wk_mve_multiply_elements);
}
