/* A convolution's windows as int16 in the order of its weights, on cores with DSP. */
#ifndef WK_DSP_GATHER_H
#define WK_DSP_GATHER_H

#include "wk_dsp_filter.h"

/* How windows are gathered. A window's stretches: `per_row` of them a kernel row, of `columns`
 * pixels, `length` bytes each. All of them give `fours`, `whole` of which come from one stretch.
 * Row y of the image is at row y % `kept` of `image`. */
typedef struct {
    const wk_dsp_conv_2d_layer *layer;
    const wk_window *window;
    const int8_t *image;
    int32_t kept;
    int32_t per_row, columns, length;
    int32_t fours, whole;
} wk_gathering;

WK_INLINE int32_t wk_dsp_windows_bytes(int32_t fours) {
    const int32_t pairs = 8 * fours, vectors = (fours + 3) / 4 * 16;
    return WK_PIXELS * (pairs > vectors ? pairs : vectors);
}

WK_INLINE wk_gathering wk_gathering_of(const wk_dsp_conv_2d_layer *layer, const wk_window *window,
                                       const int8_t *image) {
    wk_gathering made;
    made.layer = layer;
    made.window = window;
    made.image = image;
    made.kept = window->height;
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

/* Where value `index` of a window goes. */
WK_INLINE wk_half *wk_at(wk_pair *to, uint32_t index) {
    return (wk_half *)(to + (index >> 2) * WK_FOUR_WORDS + (index & 1) * WK_PIXELS) +
           ((index >> 1) & 1);
}

/* The row of the image that a kernel row sees; NULL in the margin. */
WK_INLINE const int8_t *wk_line(const wk_gathering *gathering, int32_t y) {
    const wk_window *window = gathering->window;
    if (y < 0 || y >= window->height) {
        return NULL;
    }
    return gathering->image + (y < gathering->kept ? y : y % gathering->kept) * window->width *
                                  gathering->layer->inputs;
}

/* A stretch from column x of `line` (NULL: in the margin) on, some of whose pixels may be in the
 * margin: whole fours go to `to`, what is left to values from `rest` on of the window that starts
 * at `start`. */
WK_INLINE void wk_gather_across(const wk_gathering *gathering, const int8_t *line, int32_t x,
                                wk_pair *to, wk_pair *start, uint32_t rest) {
    const int32_t inputs = gathering->layer->inputs;
    const uint32_t fill = (uint32_t)(uint8_t)gathering->layer->input_zero_point * 0x01010101U;
    uint32_t four = 0, held = 0;
    for (int32_t j = 0; j < gathering->columns; j++, x++) {
        const int32_t is_inside = line != NULL && x >= 0 && x < gathering->window->width;
        const int8_t *pixel = is_inside ? line + x * inputs : NULL;
        if (inputs % 4 == 0) {
            for (int32_t k = 0; k < inputs; k += 4) {
                to = wk_expand(to, is_inside ? wk_four(pixel + k) : fill);
            }
            continue;
        }
        for (int32_t k = 0; k < inputs; k++) {
            four |= (is_inside ? (uint32_t)(uint8_t)pixel[k] : fill & 0xffU) << held;
            held += 8;
            if (held == 32) {
                to = wk_expand(to, four);
                four = held = 0;
            }
        }
    }
    for (; held > 0; held -= 8, four >>= 8) {
        *wk_at(start, rest++) = (int8_t)(uint8_t)four;
    }
}

/* Any window, as every third word from `start`. */
static __attribute__((noinline)) void wk_gather_one(const wk_gathering *gathering, int32_t y,
                                                    int32_t left, wk_pair *start) {
    const wk_dsp_conv_2d_layer *layer = gathering->layer;
    const int32_t inputs = layer->inputs, length = gathering->length;
    wk_pair *to = start;
    uint32_t rest = 4 * (uint32_t)gathering->whole;
    for (int32_t i = 0; i < layer->kernel_rows; i++, y += layer->dilation_rows) {
        const int8_t *line = wk_line(gathering, y);
        for (int32_t j = 0, x = left; j < gathering->per_row; j++, x += layer->dilation_columns) {
            if (line != NULL && x >= 0 && x + gathering->columns <= gathering->window->width) {
                const int8_t *from = line + x * inputs;
                wk_pair *next = to;
                for (int32_t k = 0; k < length / 4; k++, from += 4) {
                    next = wk_expand(next, wk_four(from));
                }
                for (int32_t k = 0; k < length % 4; k++) {
                    *wk_at(start, rest + (uint32_t)k) = from[k];
                }
            } else {
                wk_gather_across(gathering, line, x, to, start, rest);
            }
            to += length / 4 * WK_FOUR_WORDS;
            rest += (uint32_t)length & 3;
        }
    }
}

/* Three windows beside each other that lie in the image, in stretches as long as a kernel row; the
 * first one starts at row y, column x. */
static __attribute__((noinline)) void wk_gather_three(const wk_gathering *gathering, int32_t y,
                                                      int32_t x, wk_pair *start) {
    const wk_dsp_conv_2d_layer *layer = gathering->layer;
    const int32_t length = gathering->length, step = layer->stride_columns * layer->inputs;
    wk_pair *to = start;
    uint32_t rest = 4 * (uint32_t)gathering->whole;
    for (int32_t i = 0; i < layer->kernel_rows; i++, y += layer->dilation_rows) {
        const int8_t *from = wk_line(gathering, y) + x * layer->inputs, *const end = from + length;
        to = wk_dsp_expand_three(to, from, from + step, from + 2 * step, length / 4);
        for (from += length & ~3; from != end; from++) {
            wk_half *half = wk_at(start, rest++);
            half[0] = from[0];
            half[2] = from[step];
            half[4] = from[2 * step];
        }
    }
}

#endif
