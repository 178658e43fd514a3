/* What average and maximum pools share on cores with Helium: a window of some channels, straight from the
 * image. In place, that works where no window reaches above or left of the image; the kernels in plain C
 * are called where rows must be kept.
 */
#ifndef WK_MVE_POOL_2D_H
#define WK_MVE_POOL_2D_H

#include "wk_mve.h"

/* The positions of a window that lie in the image, and how many more count. */
typedef struct {
    const int8_t *from; /* the first one's first channel */
    int32_t rows, columns;
    int32_t pixel_bytes, skip; /* from the last column to the next row's first */
    int32_t padded;
} wk_mve_pool_window;

/* Makes `channels` outputs of a window. */
typedef void wk_mve_pool(const wk_pool_2d_layer *layer, const wk_mve_pool_window *seen, int8_t *output);

static inline int32_t wk_mve_overlap(int32_t first, int32_t taps, int32_t low, int32_t high) {
    const int32_t from = first > low ? first : low;
    const int32_t until = first + taps < high ? first + taps : high;
    return until > from ? until - from : 0;
}

static inline void wk_mve_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window,
                                  const int8_t *input, int8_t *output, wk_mve_pool *pool) {
    const int32_t channels = layer->channels, width = window->width, height = window->height;
    wk_mve_pool_window seen;
    seen.pixel_bytes = channels;
    for (int32_t row = 0; row < window->rows; row++) {
        const int32_t top = window->top + row * layer->stride_rows;
        const int32_t y = top > 0 ? top : 0;
        const int32_t counted_rows =
            wk_mve_overlap(top, layer->pool_rows, -layer->pad_top, height + layer->pad_bottom);
        seen.rows = wk_mve_overlap(top, layer->pool_rows, 0, height);
        int8_t *to = output + row * window->output_pixels * channels;
        int32_t left = window->left;
        for (int32_t column = 0; column < window->columns; column++, to += channels) {
            const int32_t x = left > 0 ? left : 0;
            seen.columns = wk_mve_overlap(left, layer->pool_columns, 0, width);
            seen.skip = (width - seen.columns) * channels;
            seen.from = input + (y * width + x) * channels;
            seen.padded = counted_rows * wk_mve_overlap(left, layer->pool_columns, -layer->pad_left,
                                                        width + layer->pad_right) -
                          seen.rows * seen.columns;
            pool(layer, &seen, to);
            left += layer->stride_columns;
        }
    }
}

#endif
