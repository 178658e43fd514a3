/* What average and maximum pools share: up to four channels at a time, from top to bottom.
 *
 * The output may lie over the input. Where windows reach above or left of the image, the rows
 * that they see are then kept in scratch.
 */
#ifndef WK_POOL_2D_H
#define WK_POOL_2D_H

#include <string.h>

#include "wk_arithmetic.h"
#include "wk_kernels.h"

enum { WK_POOL_LANES = 4 };

/* From a window's values of one channel, one by one, and back to an int8. */
typedef struct {
    int32_t least; /* what it starts with */
    int32_t (*add)(int32_t sum, int32_t value, int32_t times);
    int8_t (*finish)(int32_t sum, int32_t count);
} wk_pooling;

/* Rows of `pixel` bytes a pixel: all of an image, or the last `slots` of them in a ring. */
typedef struct {
    const int8_t *bytes;
    int32_t slots, pixel;
} wk_pool_rows;

/* How many of `taps` positions from `first` lie from `low` to before `high`; `*from` is the
 * first of them. */
static inline int32_t wk_pool_inside(int32_t first, int32_t taps, int32_t low, int32_t high,
                                     int32_t *from) {
    const int32_t until = first + taps < high ? first + taps : high;
    *from = first > low ? first : low;
    return until > *from ? until - *from : 0;
}

static inline void wk_pool_one(const wk_pool_2d_layer *layer, const wk_window *window,
                               const wk_pool_rows *rows, int32_t row, int32_t column, int32_t lanes,
                               const wk_pooling *pooling, int8_t *output) {
    const int32_t top = window->top + row * layer->stride_rows;
    const int32_t left = window->left + column * layer->stride_columns;
    int32_t y, x, ignored;
    const int32_t wide = wk_pool_inside(left, layer->pool_columns, 0, window->width, &x);
    const int32_t high =
        wide > 0 ? wk_pool_inside(top, layer->pool_rows, 0, window->height, &y) : (y = 0);
    const int32_t count =
        wk_pool_inside(top, layer->pool_rows, -layer->pad_top, window->height + layer->pad_bottom,
                       &ignored) *
        wk_pool_inside(left, layer->pool_columns, -layer->pad_left,
                       window->width + layer->pad_right, &ignored);
    const int32_t row_bytes = window->width * rows->pixel;
    int32_t sums[WK_POOL_LANES];
    for (int32_t lane = 0; lane < lanes; lane++) {
        sums[lane] = pooling->least;
    }
    if (count > high * wide) {
        for (int32_t lane = 0; lane < lanes; lane++) {
            sums[lane] = pooling->add(sums[lane], layer->zero_point, count - high * wide);
        }
    }
    int32_t slot = y % rows->slots;
    for (int32_t i = 0; i < high; i++) {
        const int8_t *seen = rows->bytes + slot * row_bytes + x * rows->pixel;
        for (int32_t j = 0; j < wide; j++, seen += rows->pixel) {
            for (int32_t lane = 0; lane < lanes; lane++) {
                sums[lane] = pooling->add(sums[lane], seen[lane], 1);
            }
        }
        slot = slot + 1 == rows->slots ? 0 : slot + 1;
    }
    for (int32_t lane = 0; lane < lanes; lane++) {
        output[lane] = pooling->finish(sums[lane], count);
    }
}

static inline void wk_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window,
                              const int8_t *input,
                              int8_t *output, int8_t *ring, const wk_pooling *pooling) {
    const int32_t channels = layer->channels;
    const int32_t has_ring = input == output && ring != NULL;
    const int32_t slots = layer->pool_rows < window->height ? layer->pool_rows : window->height;
    for (int32_t first = 0; first < channels; first += WK_POOL_LANES) {
        const int32_t lanes = channels - first < WK_POOL_LANES ? channels - first : WK_POOL_LANES;
        wk_pool_rows rows = {input + first, window->height, channels};
        int32_t loaded = 0;
        if (has_ring) {
            rows.bytes = ring;
            rows.slots = slots;
            rows.pixel = lanes;
        }
        for (int32_t row = 0; row < window->rows; row++) {
            const int32_t below = window->top + row * layer->stride_rows + layer->pool_rows;
            for (; has_ring && loaded < below && loaded < window->height; loaded++) {
                int8_t *to = ring + loaded % slots * window->width * lanes;
                const int8_t *from = input + loaded * window->width * channels + first;
                for (int32_t x = 0; x < window->width; x++, to += lanes, from += channels) {
                    memcpy(to, from, (size_t)lanes);
                }
            }
            int8_t *target = output + row * window->output_pixels * channels + first;
            for (int32_t column = 0; column < window->columns; column++, target += channels) {
                if (lanes == WK_POOL_LANES) {
                    wk_pool_one(layer, window, &rows, row, column, WK_POOL_LANES, pooling, target);
                } else {
                    wk_pool_one(layer, window, &rows, row, column, lanes, pooling, target);
                }
            }
        }
    }
}

#endif
