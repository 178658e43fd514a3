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

/* Whether all of a window lies in the image, in stretches as long as a kernel row. */
WK_INLINE int32_t wk_is_inside(const wk_dsp_conv_2d_layer *layer, const wk_window *window,
                               const wk_gathering *gathering, wk_place place) {
    const int32_t bottom = place.y + (layer->kernel_rows - 1) * layer->dilation_rows;
    return gathering->per_row == 1 && place.y >= 0 && bottom < window->height && place.x >= 0 &&
           place.x + gathering->columns <= window->width;
}

/* Three windows that lie in the image, which is no ring of rows. */
static __attribute__((noinline)) void wk_gather_three(const wk_dsp_conv_2d_layer *layer,
                                                      const wk_window *window,
                                                      const wk_gathering *gathering,
                                                      const wk_source *source, const wk_place *places,
                                                      wk_pair *to) {
    const int32_t inputs = layer->inputs, row_bytes = window->width * inputs;
    const int32_t fours = gathering->length / 4, left = gathering->length & 3;
    wk_rest rests[WK_PIXELS];
    for (int32_t p = 0; p < WK_PIXELS; p++) {
        const wk_rest rest = {to + WK_FOUR_WORDS * gathering->whole + p, 0, 0};
        rests[p] = rest;
    }
    for (int32_t i = 0; i < layer->kernel_rows; i++) {
        const int8_t *from[WK_PIXELS];
        for (int32_t p = 0; p < WK_PIXELS; p++) {
            const int32_t y = places[p].y + i * layer->dilation_rows;
            from[p] = wk_line(window, source, y, row_bytes) + places[p].x * inputs;
        }
        to = wk_dsp_expand_three(to, from[0], from[1], from[2], fours);
        for (int32_t p = 0; left != 0 && p < WK_PIXELS; p++) {
            for (int32_t k = 0; k < left; k++) {
                wk_keep(&rests[p], from[p][4 * fours + k]);
            }
        }
    }
    for (int32_t p = 0; p < WK_PIXELS; p++) {
        if (rests[p].held > 0) {
            wk_expand(rests[p].to, rests[p].four);
        }
    }
}

#endif
