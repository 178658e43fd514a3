/* What average and maximum pools share on cores with Helium: a window of some channels, straight
 * from the image. In place, that works where no window reaches above or left of the image; the
 * kernels in plain C are called where rows must be kept.
 */
#ifndef WK_MVE_POOL_2D_H
#define WK_MVE_POOL_2D_H

#include "wk_mve.h"

/* The positions of a window that lie in the image. The functions that compute some channels of it
 * read this structure by the offsets of its members. */
typedef struct {
    const int8_t *from; /*  0: the first position's first channel */
    int8_t *to;         /*  4 */
    int32_t channels;   /*  8: that are left */
    int32_t rows;       /* 12 */
    int32_t columns;    /* 16 */
    int32_t pixel;      /* 20: bytes from a position to the next */
    int32_t skip;       /* 24: from behind the last column to the next row's first */
    int32_t start;      /* 28: what the positions are added to */
    int32_t half;       /* 32: see wk_mve_average_pool_2d.c */
    uint32_t factor;    /* 36 */
} wk_mve_pool_window;

/* Makes all outputs of a window; `padded` positions of the margin count too. */
typedef void wk_mve_pool(const wk_pool_2d_layer *layer, wk_mve_pool_window *seen, int32_t padded);

/* In r1 to r8: the members up to `start`. Then `add` runs at every position, r1. */
#define WK_MVE_POOL(prepare, add)     \
    "push {r4-r8, lr}\n"              \
    "ldrd r1, r2, [r0, #0]\n"         \
    "ldrd r3, r4, [r0, #8]\n"         \
    "ldrd r5, r6, [r0, #16]\n"        \
    "ldrd r7, r8, [r0, #24]\n"        \
    prepare                           \
    "cmp r4, #0\n"                    \
    "beq 3f\n"                        \
    "1:\n"                            \
    "dls lr, r5\n"                    \
    "2:\n"                            \
    add                               \
    "add r1, r1, r6\n"                \
    "le lr, 2b\n"                     \
    "add r1, r1, r7\n"                \
    "subs r4, r4, #1\n"               \
    "bne 1b\n"                        \
    "3:\n"

static inline int32_t wk_mve_overlap(int32_t first, int32_t taps, int32_t low, int32_t high) {
    const int32_t from = first > low ? first : low;
    const int32_t until = first + taps < high ? first + taps : high;
    return until > from ? until - from : 0;
}

static inline void wk_mve_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window,
                                  const int8_t *input, int8_t *output, wk_mve_pool *pool) {
    const int32_t channels = layer->channels, width = window->width, height = window->height;
    wk_mve_pool_window seen = {0};
    seen.pixel = channels;
    for (int32_t row = 0; row < window->rows; row++) {
        const int32_t top = window->top + row * layer->stride_rows;
        const int32_t y = top > 0 ? top : 0;
        const int32_t counted_rows =
            wk_mve_overlap(top, layer->pool_rows, -layer->pad_top, height + layer->pad_bottom);
        const int32_t rows = wk_mve_overlap(top, layer->pool_rows, 0, height);
        int8_t *to = output + row * window->output_pixels * channels;
        int32_t left = window->left;
        for (int32_t column = 0; column < window->columns; column++, to += channels) {
            const int32_t x = left > 0 ? left : 0;
            const int32_t columns = wk_mve_overlap(left, layer->pool_columns, 0, width);
            const int32_t counted_columns = wk_mve_overlap(
                left, layer->pool_columns, -layer->pad_left, width + layer->pad_right);
            seen.from = input + (y * width + x) * channels;
            seen.to = to;
            seen.rows = columns > 0 ? rows : 0;
            seen.columns = columns;
            seen.skip = (width - columns) * channels;
            pool(layer, &seen, counted_rows * counted_columns - seen.rows * columns);
            left += layer->stride_columns;
        }
    }
}

#endif
