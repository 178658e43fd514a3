/* Convolution on cores with DSP: three windows are gathered as int16, then all filters run over
 * them, two at a time.
 *
 * The output may lie over the input. A 1x1 kernel then runs forward over the pixels, or backward
 * where they grow; a larger one keeps the last rows of the input in a ring behind the windows.
 */
#include "wk_dsp_gather.h"

/* As memcpy, which some compilers' libraries do byte by byte. */
static void copy(int8_t *to, const int8_t *from, int32_t bytes) {
    for (; bytes >= 8; bytes -= 8, from += 8, to += 8) {
        const uint32_t first = wk_four(from), second = wk_four(from + 4);
        ((wk_unaligned *)(void *)to)[0].value = first;
        ((wk_unaligned *)(void *)to)[1].value = second;
        __asm__ volatile("" : : : "memory"); /* else they call memcpy again */
    }
    for (; bytes > 0; bytes--) {
        *to++ = *from++;
        __asm__ volatile("" : : : "memory");
    }
}

/* All filters over one window. */
WK_INLINE void filter_one(const wk_dsp_conv_2d_layer *layer, const wk_pair *gathered, int32_t fours,
                          int8_t *target) {
    layer->one(&layer->requantization, layer->stream, gathered, fours, layer->outputs, target);
}

/* All pairs of outputs that do not overlap, over three windows at once. */
static wk_filtering filtering_of(const wk_dsp_conv_2d_layer *layer, const wk_pair *gathered,
                                 int32_t fours) {
    const wk_dsp_requantization *to = &layer->requantization;
    wk_filtering made;
    made.stream = layer->stream;
    made.end = layer->stream + layer->outputs / 2 * (WK_BEFORE + 2 * fours + WK_BEHIND);
    made.gathered = gathered;
    made.weight_bytes = 8 * fours;
    made.middle = 2 * to->zero_point + 1;
    made.low = to->low;
    made.high = to->high;
    return made;
}

/* All filters over three windows. */
WK_INLINE void filter_three(const wk_dsp_conv_2d_layer *layer, wk_filtering *filtering,
                            int8_t *first, int8_t *second, int8_t *third) {
    const int32_t fours = filtering->weight_bytes / 8, last = layer->outputs - 2;
    if (layer->three == NULL) {
        filter_one(layer, filtering->gathered, fours, first);
        filter_one(layer, filtering->gathered + 1, fours, second);
        filter_one(layer, filtering->gathered + 2, fours, third);
        return;
    }
    layer->three(first, second, third, filtering);
    if (layer->outputs % 2 != 0) {
        const int32_t *const stream = filtering->stream, *const end = filtering->end;
        filtering->stream = end;
        filtering->end = end + WK_BEFORE + 2 * fours + WK_BEHIND;
        layer->three(first + last, second + last, third + last, filtering);
        filtering->stream = stream;
        filtering->end = end;
    }
}

/* A 1x1 kernel over pixels that lie one behind the other, as their outputs do. */
static __attribute__((noinline)) void over_pixels(const wk_dsp_conv_2d_layer *layer,
                                                  const wk_window *window, const int8_t *input,
                                                  int8_t *output, void *scratch) {
    wk_pair *const gathered = scratch;
    const int32_t inputs = layer->inputs, outputs = layer->outputs, fours = (inputs + 3) / 4;
    const int32_t pixels = window->rows * window->columns;
    const int32_t is_backward = input == output && outputs > inputs;
    wk_filtering filtering = filtering_of(layer, gathered, fours);
    input += window->top * window->width * inputs;
    for (int32_t left = pixels, count; left > 0; left -= count) {
        count = left < WK_PIXELS ? 1 : WK_PIXELS;
        const int32_t pixel = is_backward ? left - count : pixels - left;
        const int8_t *from = input + pixel * inputs;
        int8_t *target = output + pixel * outputs;
        if (count == 1) {
            for (int32_t k = 0; k < inputs; k++) {
                *wk_at(gathered, (uint32_t)k) = from[k];
            }
            filter_one(layer, gathered, fours, target);
            continue;
        }
        /* What is read beyond a pixel meets weights of zero; beyond the last one nothing is read.
         */
        const int32_t whole = pixel + WK_PIXELS < pixels ? fours : inputs / 4;
        wk_dsp_expand_three(gathered, from, from + inputs, from + 2 * inputs, whole);
        for (int32_t k = 4 * whole; k < inputs; k++) {
            wk_half *half = wk_at(gathered, (uint32_t)k);
            half[0] = from[k];
            half[2] = from[inputs + k];
            half[4] = from[2 * inputs + k];
        }
        filter_three(layer, &filtering, target, target + outputs, target + 2 * outputs);
    }
}

/* Where an output is: the row and the column of its window's first tap, and its place in memory. */
typedef struct {
    int32_t y, x;
    int32_t columns; /* that are left of its row */
    int8_t *target;
} wk_place;

/* One row of outputs on; what is between rows in memory is left out. */
WK_INLINE void next_row(const wk_dsp_conv_2d_layer *layer, const wk_window *window,
                        wk_place *place) {
    place->y += layer->stride_rows;
    place->x = window->left;
    place->columns = window->columns;
    place->target += (window->output_pixels - window->columns) * layer->outputs;
}

/* Any windows, from an image that is all in memory, or (where the output lies over it) from a ring
 * of rows. */
static __attribute__((noinline)) void over_windows(const wk_dsp_conv_2d_layer *layer,
                                                   const wk_window *window, const int8_t *input,
                                                   int8_t *output, void *scratch) {
    wk_pair *const gathered = scratch;
    wk_gathering gathering = wk_gathering_of(layer, window, input);
    wk_filtering filtering = filtering_of(layer, gathered, gathering.fours);
    const int32_t row_bytes = window->width * layer->inputs;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t reach = (WK_PIXELS - 1) * layer->stride_columns + gathering.columns;
    int8_t *ring = NULL;
    int32_t loaded = 0;
    if (input == output) {
        gathering.kept = extent < window->height ? extent : window->height;
        ring = (int8_t *)gathered + wk_dsp_windows_bytes(gathering.fours);
        gathering.image = ring;
    }
    wk_place place = {window->top, window->left, window->columns, output};
    for (int32_t left = window->rows * window->columns; left > 0;) {
        for (; ring != NULL && loaded < place.y + extent && loaded < window->height; loaded++) {
            copy(ring + loaded % gathering.kept * row_bytes, input + loaded * row_bytes, row_bytes);
        }
        int8_t *targets[WK_PIXELS] = {place.target, place.target + layer->outputs,
                                      place.target + 2 * layer->outputs};
        int32_t count = WK_PIXELS;
        if (place.columns >= WK_PIXELS && gathering.per_row == 1 && place.y >= 0 && place.x >= 0 &&
            place.y + extent <= window->height && place.x + reach <= window->width) {
            wk_gather_three(&gathering, place.y, place.x, gathered);
            place.x += WK_PIXELS * layer->stride_columns;
            place.columns -= WK_PIXELS;
            place.target += WK_PIXELS * layer->outputs;
        } else {
            /* Over the end of a row, unless the ring lacks the next one. */
            count = (ring == NULL ? left : place.columns) < WK_PIXELS ? 1 : WK_PIXELS;
            for (int32_t p = 0; p < count; p++) {
                if (place.columns == 0) {
                    next_row(layer, window, &place);
                }
                targets[p] = place.target;
                wk_gather_one(&gathering, place.y, place.x, gathered + p);
                place.x += layer->stride_columns;
                place.columns--;
                place.target += layer->outputs;
            }
        }
        if (count == 1) {
            filter_one(layer, gathered, gathering.fours, targets[0]);
        } else {
            filter_three(layer, &filtering, targets[0], targets[1], targets[2]);
        }
        left -= count;
        if (place.columns == 0) {
            next_row(layer, window, &place);
        }
    }
}

void wk_dsp_conv_2d(const wk_dsp_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch) {
    const int32_t are_pixels = layer->kernel_rows * layer->kernel_columns == 1 &&
                               layer->stride_rows == 1 && layer->stride_columns == 1 &&
                               window->left == 0 && window->columns == window->width &&
                               window->top >= 0 && window->top + window->rows <= window->height &&
                               window->output_pixels == window->columns;
    if (are_pixels) {
        over_pixels(layer, window, input, output, scratch);
    } else {
        over_windows(layer, window, input, output, scratch);
    }
}
