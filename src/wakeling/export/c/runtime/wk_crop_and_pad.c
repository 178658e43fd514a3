/* Pixels of a box that may reach beyond the image. The output may lie over the input where every
 * pixel comes from its own place or from behind it. */
#include <string.h>

#include "wk_kernels.h"

void wk_crop_and_pad(const wk_crop_and_pad_layer *layer, const wk_window *window, const void *input,
                     void *output) {
    const int32_t pixel = layer->first + layer->bytes + layer->last;
    for (int32_t row = 0; row < window->rows; row++) {
        const int32_t y = window->top + row * layer->stride_rows;
        int8_t *to = (int8_t *)output + row * window->output_pixels * pixel;
        for (int32_t column = 0; column < window->columns; column++, to += pixel) {
            const int32_t x = window->left + column * layer->stride_columns;
            if (y < 0 || y >= window->height || x < 0 || x >= window->width) {
                memset(to, layer->fill, (size_t)pixel);
                continue;
            }
            const int8_t *from = (const int8_t *)input + (y * window->width + x) * layer->bytes;
            memset(to, layer->fill, (size_t)layer->first);
            memmove(to + layer->first, from, (size_t)layer->bytes);
            memset(to + layer->first + layer->bytes, layer->fill, (size_t)layer->last);
        }
    }
}
