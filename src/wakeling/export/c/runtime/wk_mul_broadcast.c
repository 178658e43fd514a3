/* Products of operands that are broadcast along several axes. */
#include "wk_axes.h"
#include "wk_kernels.h"

void wk_mul_broadcast(const wk_mul_broadcast_layer *layer, const int8_t *left, const int8_t *right,
                      int8_t *output) {
    const wk_mul_layer *inner = &layer->mul;
    wk_place one = {{0}, 0}, other = {{0}, 0};
    left = left == NULL ? inner->constant : left;
    right = right == NULL ? inner->constant : right;
    for (int32_t places = wk_places(&layer->left); places > 0; places--) {
        wk_mul(inner, left + one.offset, right + other.offset, output, layer->pixels);
        output += layer->pixels * inner->channels;
        wk_next(&layer->left, &one);
        wk_next(&layer->right, &other);
    }
}
