/* A convolution's windows as int16 in the order of its weights, on cores with DSP. */
#ifndef WK_DSP_GATHER_H
#define WK_DSP_GATHER_H

#include "wk_dsp_filter.h"

/* A window's stretches: `per_row` of them a kernel row, of `columns` pixels, `length` bytes each. All of
 * them give `fours`, `whole` of which come from one stretch. */
typedef struct {
    int32_t per_row, columns, length;
    int32_t fours, whole;
} wk_gathering;

/* Where the rows of the image are: row y at row y % rows. */
typedef struct {
    const int8_t *image;
    int32_t rows;
} wk_source;

/* Where a window starts: the row and the column of its first tap. */
typedef struct {
    int32_t y, x;
} wk_place;

/* Bytes that are left of stretches, on their way into the last fours. */
typedef struct {
    wk_pair *to;
    uint32_t four;
    int32_t held;
} wk_rest;

WK_INLINE int32_t wk_dsp_windows_bytes(int32_t fours) {
    const int32_t pairs = 8 * fours, vectors = (fours + 3) / 4 * 16;
    return WK_PIXELS * (pairs > vectors ? pairs : vectors);
}

WK_INLINE wk_gathering wk_gathering_of(const wk_dsp_conv_2d_layer *layer) {
    wk_gathering made;
    made.columns = layer->dilation_columns == 1 ? layer->kernel_columns : 1;
    made.per_row = layer->kernel_columns / made.columns;
    made.length = made.columns * layer->inputs;
    made.fours = (layer->kernel_rows * layer->kernel_columns * layer->inputs + 3) / 4;
    made.whole = layer->kernel_rows * made.per_row * (made.length / 4);
    return made;
}

WK_INLINE wk_pair *wk_expand(wk_pair *to, uint32_t four) {
    to[0] = wk_even_bytes(four);
    to[WK_PIXELS] = wk_odd_bytes(four);
    return to + WK_FOUR_WORDS;
}

WK_INLINE void wk_keep(wk_rest *rest, int8_t value) {
    rest->four |= (uint32_t)(uint8_t)value << (8 * rest->held);
    if (++rest->held == 4) {
        rest->to = wk_expand(rest->to, rest->four);
        rest->four = 0;
        rest->held = 0;
    }
}

/* The row of the image that a kernel row sees; NULL in the margin. */
WK_INLINE const int8_t *wk_line(const wk_window *window, const wk_source *source, int32_t y,
                                int32_t row_bytes) {
    if (y < 0 || y >= window->height) {
        return NULL;
    }
    return source->image + (y < source->rows ? y : y % source->rows) * row_bytes;
}

/* A stretch some of whose pixels may lie in the margin; all do where `line` is NULL. */
WK_INLINE wk_pair *wk_gather_stretch(wk_pair *to, const int8_t *line, int32_t x, int32_t width,
                                     int32_t inputs, int32_t columns, uint32_t fill, wk_rest *rest) {
    wk_rest whole = {to, 0, 0};
    int32_t left = columns * inputs & ~3;
    for (int32_t j = 0; j < columns; j++, x++) {
        const int8_t *pixel = line != NULL && x >= 0 && x < width ? line + x * inputs : NULL;
        if ((inputs & 3) == 0) {
            for (int32_t k = 0; k < inputs; k += 4) {
                whole.to = wk_expand(whole.to, pixel == NULL ? fill : wk_four(pixel + k));
            }
            continue;
        }
        for (int32_t k = 0; k < inputs; k++, left--) {
            wk_keep(left > 0 ? &whole : rest, pixel == NULL ? (int8_t)(uint8_t)fill : pixel[k]);
        }
    }
    return whole.to;
}

/* Any window, as every third word from `to`. */
static __attribute__((noinline)) void wk_gather_one(const wk_dsp_conv_2d_layer *layer,
                                                    const wk_window *window,
                                                    const wk_gathering *gathering,
                                                    const wk_source *source, wk_place place, wk_pair *to) {
    const int32_t inputs = layer->inputs, width = window->width;
    const uint32_t fill = (uint32_t)(uint8_t)layer->input_zero_point * 0x01010101U;
    wk_rest rest = {to + WK_FOUR_WORDS * gathering->whole, 0, 0};
    int32_t y = place.y;
    for (int32_t i = 0; i < layer->kernel_rows; i++, y += layer->dilation_rows) {
        const int8_t *line = wk_line(window, source, y, width * inputs);
        int32_t x = place.x;
        for (int32_t j = 0; j < gathering->per_row; j++, x += layer->dilation_columns) {
            to = wk_gather_stretch(to, line, x, width, inputs, gathering->columns, fill, &rest);
        }
    }
    if (rest.held > 0) {
        wk_expand(rest.to, rest.four);
    }
}

/* Three windows beside each other that lie in the image, in stretches as long as a kernel row; `place` is
 * the first one's. What is left of their stretches comes together in three words. */
WK_INLINE void wk_gather_three(const wk_dsp_conv_2d_layer *layer, const wk_window *window,
                               const wk_gathering *gathering, const wk_source *source, wk_place place,
                               wk_pair *to) {
    const int32_t row_bytes = window->width * layer->inputs, length = gathering->length;
    const int32_t step = layer->stride_columns * layer->inputs;
    wk_pair *last = to + WK_FOUR_WORDS * gathering->whole;
    uint32_t first = 0, second = 0, third = 0, held = 0;
    for (int32_t i = 0, y = place.y; i < layer->kernel_rows; i++, y += layer->dilation_rows) {
        const int8_t *from = wk_line(window, source, y, row_bytes) + place.x * layer->inputs;
        to = wk_dsp_expand_three(to, from, from + step, from + 2 * step, length / 4);
        const int8_t *const end = from + length;
        for (from += length & ~3; from != end; from++) {
            first |= (uint32_t)(uint8_t)from[0] << held;
            second |= (uint32_t)(uint8_t)from[step] << held;
            third |= (uint32_t)(uint8_t)from[2 * step] << held;
            held += 8;
            if (held == 32) {
                wk_expand(last, first);
                wk_expand(last + 1, second);
                last = wk_expand(last + 2, third) - 2;
                first = second = third = held = 0;
            }
        }
    }
    if (held != 0) {
        wk_expand(last, first);
        wk_expand(last + 1, second);
        wk_expand(last + 2, third);
    }
}

#endif
