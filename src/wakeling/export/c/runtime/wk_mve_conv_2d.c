/* Convolution on cores with Helium: two windows are gathered, then all filters run over them.
 *
 * The output may lie over the input. A 1x1 kernel then runs forward over the pixels, or backward
 * where they grow; a larger one keeps the last rows of the input in a ring behind the windows.
 */
#include "wk_mve_products.h"

/* Where rows of the image are: row y at row y % rows. */
typedef struct {
    const int8_t *image;
    int32_t rows, row_bytes;
} wk_source;

typedef void wk_mve_compute_pairs(wk_mve_products *products);

static wk_mve_compute_pairs *function_for(const wk_mve_conv_2d_layer *layer) {
    const wk_mve_requantization *to = &layer->requantization;
    if (!to->is_plain) {
        return wk_mve_products_any;
    }
    if (layer->rest > 0 || layer->steps > 2 || to->low != -128 || to->high != 127) {
        return wk_mve_products_plain;
    }
    return layer->steps == 1 ? wk_mve_products_of_16 : wk_mve_products_of_32;
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
    const int32_t inputs = layer->inputs;
    const int32_t columns = layer->dilation_columns == 1 ? layer->kernel_columns : 1;
    const int32_t left = window->left + column * layer->stride_columns;
    int32_t y = window->top + row * layer->stride_rows;
    for (int32_t i = 0; i < layer->kernel_rows; i++, y += layer->dilation_rows) {
        const int32_t kept = y < source->rows ? y : y % source->rows;
        const int8_t *line =
            y >= 0 && y < window->height ? source->image + kept * source->row_bytes : NULL;
        int32_t x = left;
        for (int32_t j = 0; j < layer->kernel_columns; j += columns, x += layer->dilation_columns) {
            if (line != NULL && x >= 0 && x + columns <= window->width) {
                wk_mve_copy(to, line + x * inputs, columns * inputs);
            } else {
                gather_across(layer, window, line, x, columns, to);
            }
            to += columns * inputs;
        }
    }
}

/* A window without dilation that lies in the image; its first row is `kept` in the source. */
static inline void gather_inside(const wk_mve_conv_2d_layer *layer, const wk_source *source, int32_t kept,
                                 int32_t x, int8_t *to) {
    const int32_t bytes = layer->kernel_columns * layer->inputs;
    const int8_t *from = source->image + x * layer->inputs + kept * source->row_bytes;
    for (int32_t i = layer->kernel_rows; i > 0; i--, to += bytes) {
        wk_mve_copy(to, from, bytes);
        from += source->row_bytes;
        if (++kept == source->rows) {
            kept = 0;
            from -= source->rows * source->row_bytes;
        }
    }
}

/* A 1x1 kernel over pixels that lie one behind the other, as do their outputs. */
static void multiply_pixels(const wk_mve_conv_2d_layer *layer, wk_mve_products *products,
                            const int8_t *input, int8_t *output, int32_t pixels) {
    wk_mve_compute_pairs *const compute = function_for(layer);
    const int32_t inputs = layer->inputs, outputs = layer->outputs;
    const int32_t is_direct = input != output && inputs % 16 == 0;
    const int32_t is_backward = input == output && outputs > inputs;
    const int32_t start = is_backward && pixels > 1 ? pixels - 2 : 0;
    products->from = input + start * inputs;
    products->from_step = (is_backward ? -2 : 2) * inputs;
    products->to_first = output + start * outputs;
    products->to_second = products->to_first + outputs;
    products->to_step = (is_backward ? -2 : 2) * outputs;
    products->copied = is_direct ? 0 : inputs;
    if (is_direct) {
        products->first = (int8_t *)(uintptr_t)input;
        products->second = products->first + inputs;
        products->window_step = products->from_step;
    }
    products->pairs = pixels / 2;
    if (pixels > 1) {
        compute(products);
    }
    if (pixels % 2 != 0) { /* an odd one is computed twice */
        const int32_t last = is_backward ? 0 : pixels - 1;
        if (is_direct) {
            products->second = products->first;
        } else {
            wk_mve_copy(products->first, input + last * inputs, inputs);
            products->second = products->first;
            products->copied = 0;
        }
        products->to_first = output + last * outputs;
        products->to_second = products->to_first;
        products->pairs = 1;
        compute(products);
    }
}

void wk_mve_conv_2d(const wk_mve_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch) {
    const wk_mve_requantization *to = &layer->requantization;
    const int32_t size = layer->kernel_rows * layer->kernel_columns * layer->inputs;
    const int32_t window_bytes = (size + 15) & -16;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t is_pointwise = layer->kernel_rows * layer->kernel_columns == 1;
    const int32_t is_backward = input == output && is_pointwise && layer->outputs > layer->inputs;
    int8_t *const places[2] = {scratch, (int8_t *)scratch + window_bytes};
    wk_mve_products products = {layer->stream, places[0], places[1], output, output, layer->steps,
                                layer->rest, layer->outputs, to->zero_point, to->low, to->high,
                                1, NULL, 0, 0, 0, 0};
    /* What lies behind a window counts as zero. */
    for (int32_t p = 0; p < 2; p++) {
        wk_mve_fill(places[p] + window_bytes - 16, 0, 16);
    }
    if (is_pointwise && layer->stride_rows * layer->stride_columns == 1 && window->top == 0 &&
        window->left == 0 && window->columns == window->width && window->output_pixels == window->columns) {
        multiply_pixels(layer, &products, input, output, window->rows * window->columns);
        return;
    }
    wk_mve_compute_pairs *const compute = function_for(layer);
    wk_source source = {input, window->height, window->width * layer->inputs};
    int8_t *ring = NULL;
    int32_t loaded = 0;
    if (input == output && !is_pointwise) {
        const int32_t pairs = 2 * ((size + 3) & -4);
        source.rows = extent < window->height ? extent : window->height;
        ring = (int8_t *)scratch + 3 * (pairs > window_bytes ? pairs : window_bytes);
        source.image = ring;
    }
    const int32_t step = is_backward ? -1 : 1;
    int32_t p = 0;
    for (int32_t i = 0; i < window->rows; i++) {
        const int32_t row = is_backward ? window->rows - 1 - i : i;
        const int32_t top = window->top + row * layer->stride_rows;
        const int32_t kept = top > 0 ? top % source.rows : 0;
        /* Without dilation, windows of columns from `first` to before `end` lie in the image. */
        int32_t first = window->left < 0 ? (layer->stride_columns - 1 - window->left) / layer->stride_columns : 0;
        const int32_t room = window->width - layer->kernel_columns - window->left;
        int32_t end = room < 0 ? 0 : room / layer->stride_columns + 1;
        if (top < 0 || top + extent > window->height || layer->dilation_rows * layer->dilation_columns != 1) {
            end = 0;
        }
        for (; ring != NULL && loaded < top + extent && loaded < window->height; loaded++) {
            wk_mve_copy(ring + loaded % source.rows * source.row_bytes, input + loaded * source.row_bytes,
                        source.row_bytes);
        }
        int32_t column = is_backward ? window->columns - 1 : 0;
        int8_t *target = output + (row * window->output_pixels + column) * layer->outputs;
        for (int32_t j = 0; j < window->columns; j++, column += step, target += step * layer->outputs) {
            if (column >= first && column < end) {
                gather_inside(layer, &source, kept, window->left + column * layer->stride_columns, places[p]);
            } else {
                gather(layer, window, &source, row, column, places[p]);
            }
            if (p == 0) {
                products.to_first = target;
                p = 1;
            } else {
                products.to_second = target;
                products.pairs = 1;
                compute(&products);
                p = 0;
            }
        }
    }
    if (p == 1) { /* an odd one is computed twice */
        products.second = products.first;
        products.to_second = products.to_first;
        products.pairs = 1;
        compute(&products);
    }
}
