/* From float to integers, without double precision. */
#include "wk_kernels.h"

/* What no step reaches, whatever the zero point: all beyond is clamped. */
#define WK_BEYOND 1024.0f

void wk_quantize(const wk_quantize_layer *layer, const float *input, void *output, int32_t pixels) {
    uint8_t *to = output;
    for (int32_t left = pixels * layer->channels; left > 0; left--) {
        const float ratio = *input++ / layer->scale;
        const float size = ratio < 0.0f ? -ratio : ratio;
        int32_t steps = (int32_t)WK_BEYOND;
        if (size < WK_BEYOND) {
            steps = (int32_t)size;
            steps += size - (float)steps >= 0.5f;
        }
        steps = (ratio < 0.0f ? -steps : steps) + layer->zero_point;
        steps = steps < layer->low ? layer->low : steps > layer->high ? layer->high : steps;
        *to++ = (uint8_t)((uint32_t)steps & 0xffu);
    }
}
