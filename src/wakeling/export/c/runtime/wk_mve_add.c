/* Sums and differences on cores with Helium; neither operand is broadcast along channels. */
#include "wk_mve_elementwise.h"

void wk_mve_add(const wk_add_layer *layer, const int8_t *left, const int8_t *right, int8_t *output,
                int32_t pixels) {
    const wk_operand *one = &layer->left, *other = &layer->right;
    wk_mve_elements elements = {left == NULL ? layer->constant : left,
                                right == NULL ? layer->constant : right,
                                output,
                                0,
                                one->zero_point,
                                other->zero_point,
                                one->multiplier,
                                other->multiplier,
                                one->shift,
                                other->shift,
                                layer->multiplier,
                                layer->shift,
                                layer->zero_point,
                                layer->sign,
                                layer->low,
                                layer->high,
                                0};
    wk_mve_elementwise(&elements, one, other, layer->channels, pixels, wk_mve_add_elements);
}
