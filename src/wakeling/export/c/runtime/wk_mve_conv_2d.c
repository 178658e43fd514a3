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
static void gather_across(const wk_mve_conv_2d_layer *layer, const wk_window *window,
                          const int8_t *row, int32_t x, int32_t columns, int8_t *to) {
    for (int32_t j = 0; j < columns; j++, x++, to += layer->inputs) {
        if (row == NULL || x < 0 || x >= window->width) {
            wk_mve_fill(to, layer->input_zero_point, layer->inputs);
        } else {
            wk_mve_copy(to, row + x * layer->inputs, layer->inputs);
        }
    }
}

static void gather(const wk_mve_conv_2d_layer *layer, const wk_window *window,
                   const wk_source *source, int32_t row, int32_t column, int8_t *to) {
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
    products->apart = inputs;
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

/* Columns of a row whose windows lie in the image, from `first` to before `end`. */
typedef struct {
    int32_t first, end;
} wk_inside;

static wk_inside inside_of(const wk_mve_conv_2d_layer *layer, const wk_window *window,
                           int32_t top) {
    const int32_t stride = layer->stride_columns;
    const int32_t room = window->width - layer->kernel_columns - window->left;
    wk_inside inside = {window->left < 0 ? (stride - 1 - window->left) / stride : 0,
                        room < 0 ? 0 : room / stride + 1};
    if (inside.end > window->columns) {
        inside.end = window->columns;
    }
    if (top < 0 || top + layer->kernel_rows > window->height ||
        layer->dilation_rows * layer->dilation_columns != 1) {
        inside.end = 0;
    }
    return inside;
}

/* One window after the other, two at a time; `p` windows of the row before wait. Returns how many
 * wait. */
static int32_t multiply_row(const wk_mve_conv_2d_layer *layer, const wk_window *window,
                            const wk_source *source, wk_mve_products *products, int32_t row,
                            int32_t is_backward, int8_t *output, int32_t p) {
    wk_mve_compute_pairs *const compute = function_for(layer);
    const int32_t top = window->top + row * layer->stride_rows;
    const int32_t pixel_bytes = layer->stride_columns * layer->inputs, outputs = layer->outputs;
    const wk_inside inside = inside_of(layer, window, top);
    int8_t *const places[2] = {products->first, products->second};
    output += row * window->output_pixels * outputs;
    for (int32_t j = 0; j < window->columns;) {
        const int32_t column = is_backward ? window->columns - 1 - j : j;
        const int32_t pairs = (inside.end - column) / 2;
        if (p == 0 && !is_backward && column >= inside.first && pairs > 0) {
            const int32_t kept = top % source->rows;
            products->from = source->image + kept * source->row_bytes +
                             (window->left + column * layer->stride_columns) * layer->inputs;
            products->to_first = output + column * outputs;
            products->to_second = products->to_first + outputs;
            products->copied = layer->kernel_columns * layer->inputs;
            products->apart = pixel_bytes;
            products->from_step = 2 * pixel_bytes;
            products->to_step = 2 * outputs;
            products->pairs = pairs;
            compute(products);
            products->copied = 0;
            j += 2 * pairs;
            continue;
        }
        gather(layer, window, source, row, column, places[p]);
        if (p == 0) {
            products->to_first = output + column * outputs;
        } else {
            products->to_second = output + column * outputs;
            products->pairs = 1;
            compute(products);
        }
        p = 1 - p;
        j++;
    }
    return p;
}

void wk_mve_conv_2d(const wk_mve_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch) {
    const wk_mve_requantization *to = &layer->requantization;
    const int32_t size = layer->kernel_rows * layer->kernel_columns * layer->inputs;
    const int32_t window_bytes = (size + 15) & -16;
    const int32_t extent = (layer->kernel_rows - 1) * layer->dilation_rows + 1;
    const int32_t is_pointwise = layer->kernel_rows * layer->kernel_columns == 1 &&
                                 layer->stride_rows * layer->stride_columns == 1;
    const int32_t is_backward = input == output && is_pointwise && layer->outputs > layer->inputs;
    int8_t *const first = scratch;
    wk_source source = {input, window->height, window->width * layer->inputs};
    wk_mve_products products = {layer->stream, first, first + window_bytes, output, output,
                                layer->steps, layer->rest, layer->outputs, to->zero_point, to->low,
                                to->high, 1, NULL, 0, 0, 0, 0, layer->kernel_rows, source.row_bytes,
                                NULL, 0, 0};
    /* What lies behind a window counts as zero. */
    wk_mve_fill(first + window_bytes - 16, 0, 16);
    wk_mve_fill(first + 2 * window_bytes - 16, 0, 16);
    if (is_pointwise && window->top == 0 && window->left == 0 && window->columns == window->width &&
        window->output_pixels == window->columns) {
        multiply_pixels(layer, &products, input, output, window->rows * window->columns);
        return;
    }
    int8_t *ring = NULL;
    if (input == output && !is_pointwise) {
        const int32_t pairs = 2 * ((size + 3) & -4);
        source.rows = extent < window->height ? extent : window->height;
        ring = first + 3 * (pairs > window_bytes ? pairs : window_bytes);
        source.image = ring;
    }
    products.ring_bytes = source.rows * source.row_bytes;
    products.end = source.image + products.ring_bytes;
    int32_t loaded = 0, waiting = 0;
    for (int32_t i = 0; i < window->rows; i++) {
        const int32_t row = is_backward ? window->rows - 1 - i : i;
        const int32_t below = window->top + row * layer->stride_rows + extent;
        for (; ring != NULL && loaded < below && loaded < window->height; loaded++) {
            wk_mve_copy(ring + loaded % source.rows * source.row_bytes,
                        input + loaded * source.row_bytes, source.row_bytes);
        }
        waiting = multiply_row(layer, window, &source, &products, row, is_backward, output,
                               waiting);
    }
    if (waiting > 0) { /* an odd one is computed twice */
        products.second = products.first;
        products.to_second = products.to_first;
        products.pairs = 1;
        function_for(layer)(&products);
    }
}
