/* Convolution on cores with Helium: two windows are gathered, then all filters run over them.
 *
 * The output may lie over the input. A 1x1 kernel then runs forward over the pixels, or backward
 * where they grow; a larger one keeps the last rows of the input in a ring behind the windows.
 */
#include <string.h>

#include "wk_mve_products.h"

/* Where rows of the image are: row y at row y % rows. */
typedef struct {
    const int8_t *image;
    int32_t rows;
} wk_source;

static int32_t most(int32_t a, int32_t b) {
    return a > b ? a : b;
}

/* Pixels of a window that lie in one row, one behind the other. */
static void gather_across(const wk_mve_conv_2d_layer *layer, const wk_window *window, const int8_t *row,
                          int32_t x, int32_t columns, int8_t *to) {
    for (int32_t j = 0; j < columns; j++, x++, to += layer->inputs) {
        if (row == NULL || x < 0 || x >= window->width) {
            wk_mve_fill(to, layer->input_zero_point, layer->inputs);
        } else {
            wk_mve_copy(to, row + x * layer->inputs, layer->inputs);
        }
    }
}

static void gather(const wk_mve_conv_2d_layer *layer, const wk_window *window, const wk_source *source,
                   int32_t row, int32_t column, int8_t *to) {
    const int32_t inputs = layer->inputs, width = window->width;
    const int32_t columns = layer->dilation_columns == 1 ? layer->kernel_columns : 1;
    const int32_t left = window->left + column * layer->stride_columns;
    int32_t y = window->top + row * layer->stride_rows;
    for (int32_t i = 0; i < layer->kernel_rows; i++, y += layer->dilation_rows) {
        const int32_t kept = y < source->rows ? y : y % source->rows;
        const int8_t *line = y >= 0 && y < window->height ? source->image + kept * width * inputs : NULL;
        int32_t x = left;
        for (int32_t j = 0; j < layer->kernel_columns; j += columns, x += layer->dilation_columns) {
            if (line != NULL && x >= 0 && x + columns <= width) {
                wk_mve_copy(to, line + x * inputs, columns * inputs);
            } else {
                gather_across(layer, window, line, x, columns, to);
            }
            to += columns * inputs;
        }
    }
}

static void compute(const wk_mve_products *products, int32_t is_plain) {
    if (is_plain) {
        wk_mve_products_plain(products);
    } else {
        wk_mve_products_any(products);
    }
}

/* A 1x1 kernel over pixels that lie one behind the other, as do their outputs. */
static void multiply_pixels(const wk_mve_conv_2d_layer *layer, wk_mve_products *products,
                            const int8_t *input, int8_t *output, int32_t pixels, int8_t *gathered) {
    const int32_t inputs = layer->inputs, outputs = layer->outputs;
    const int32_t window_bytes = (inputs + 15) & -16;
    const int32_t is_direct = input != output && inputs == window_bytes;
    const int32_t is_backward = input == output && outputs > inputs;
    for (int32_t done = 0; done < pixels; done += 2) {
        const int32_t count = most(0, pixels - done) > 1 ? 2 : 1;
        const int32_t pixel = is_backward ? pixels - done - count : done;
        const int8_t *from = input + pixel * inputs;
        products->to_first = output + pixel * outputs;
        products->to_second = products->to_first + (count - 1) * outputs;
        if (is_direct) {
            products->first = from;
            products->second = from + (count - 1) * inputs;
        } else {
            wk_mve_copy(gathered, from, inputs);
            wk_mve_copy(gathered + window_bytes, from + (count - 1) * inputs, inputs);
        }
        compute(products, layer->requantization.is_plain);
    }
}

void wk_mve_conv_2d(const wk_mve_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch) {
    const wk_mve_requantization *to = &layer->requantization;
    const int32_t size = layer->kernel_rows * layer->kernel_columns * layer->inputs;
    const int32_t window_bytes = (size + 15) & -16;
    const int32_t row_bytes = window->width * layer->inputs;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t is_pointwise = layer->kernel_rows * layer->kernel_columns == 1;
    const int32_t is_backward = input == output && is_pointwise && layer->outputs > layer->inputs;
    int8_t *const gathered = scratch;
    int8_t *const places[2] = {gathered, gathered + window_bytes};
    wk_mve_products products = {layer->stream,  places[0],      places[1], output,  output,  layer->steps,
                                layer->rest,    layer->outputs, to->zero_point, to->low, to->high};
    /* What lies behind a window counts as zero. */
    for (int32_t p = 0; p < 2; p++) {
        memset(places[p] + window_bytes - 16, 0, 16);
    }
    if (is_pointwise && layer->stride_rows * layer->stride_columns == 1 && window->top == 0 &&
        window->left == 0 && window->columns == window->width && window->output_pixels == window->columns) {
        multiply_pixels(layer, &products, input, output, window->rows * window->columns, gathered);
        return;
    }
    wk_source source = {input, window->height};
    int8_t *ring = NULL;
    int32_t loaded = 0;
    if (input == output && !is_pointwise) {
        source.rows = extent < window->height ? extent : window->height;
        ring = gathered + 3 * most(2 * ((size + 3) & -4), window_bytes);
        source.image = ring;
    }
    const int32_t step = is_backward ? -1 : 1;
    const int32_t start = is_backward ? window->columns - 1 : 0;
    int32_t row = is_backward ? window->rows - 1 : 0, column = start;
    for (int32_t pixels = window->rows * window->columns; pixels > 0; pixels -= 2) {
        for (int32_t p = 0; p < 2; p++) {
            if (p == 1 && pixels == 1) { /* an odd one is computed twice */
                products.second = products.first;
                products.to_second = products.to_first;
                break;
            }
            const int32_t below = window->top + row * layer->stride_rows + extent;
            for (; ring != NULL && loaded < below && loaded < window->height; loaded++) {
                wk_mve_copy(ring + loaded % source.rows * row_bytes, input + loaded * row_bytes, row_bytes);
            }
            gather(layer, window, &source, row, column, places[p]);
            int8_t *target = output + (row * window->output_pixels + column) * layer->outputs;
            if (p == 0) {
                products.to_first = target;
            } else {
                products.to_second = target;
            }
            column += step;
            if (column < 0 || column >= window->columns) {
                column = start;
                row += step;
            }
        }
        compute(&products, to->is_plain);
    }
}
