/* What the layers of a model are made of: one structure and one function a kernel.
 *
 * Images are stored row by row, pixel by pixel, channels last. A kernel reads a constant structure
 * (in flash), where its windows go, its input and its output, and scratch memory that holds nothing
 * before and nothing after. Every kernel computes bit for bit what TensorFlow Lite Micro computes.
 * Kernels for particular cores take the same structures, with weights in an order of their own.
 */
#ifndef WK_KERNELS_H
#define WK_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where windows go, in pixels. `top` and `left` are the row and the column of the first window's
 * first tap; they are negative where it lies in the margin. */
typedef struct {
    int32_t height, width;  /* of the image in memory */
    int32_t rows, columns;  /* of the output that is computed */
    int32_t top, left;
    int32_t output_pixels;  /* from one row of the output in memory to the next */
} wk_window;

/* From a 32-bit sum to an int8: multiplied by multiplier / 2^31 and by 2^shift, each rounded (halves
 * up, then away from zero), plus the zero point, clamped. One multiplier and shift a channel. */
typedef struct {
    const int32_t *multiplier;
    const int8_t *shift;
    int32_t zero_point;
    int32_t low, high;
} wk_requantization;

/* A convolution. Weights are [output][kernel row][kernel column][input]; `inputs` and `outputs` are
 * channels of the whole layer, a group has inputs / groups and outputs / groups of them. The bias
 * holds the input's zero point already: bias[o] - zero_point * sum of the weights of o. */
typedef struct {
    int32_t inputs, outputs, groups;
    int32_t kernel_rows, kernel_columns;
    int32_t stride_rows, stride_columns;
    int32_t dilation_rows, dilation_columns;
    int32_t input_zero_point; /* what margins are filled with */
    const int8_t *weights;
    const int32_t *bias;
    wk_requantization requantization;
} wk_conv_2d_layer;

/* A depthwise convolution: `multiplier` outputs for each input channel. Weights are
 * [kernel row][kernel column][output], the bias as above. */
typedef struct {
    int32_t inputs, multiplier;
    int32_t kernel_rows, kernel_columns;
    int32_t stride_rows, stride_columns;
    int32_t dilation_rows, dilation_columns;
    int32_t input_zero_point;
    const int8_t *weights;
    const int32_t *bias;
    wk_requantization requantization;
} wk_depthwise_conv_2d_layer;

/* A dense layer. Weights are [output][input], the bias as above. `channels` multipliers: one a unit,
 * or a single one. */
typedef struct {
    int32_t inputs, outputs;
    int32_t channels;
    const int8_t *weights;
    const int32_t *bias;
    wk_requantization requantization;
} wk_dense_layer;

/* Bytes of three gathered windows of a group, each as int16 values in fours or as int8 values in
 * sixteens: the first part of a convolution's scratch. A ring of rows follows where it has one. */
static inline int32_t wk_windows_bytes(const wk_conv_2d_layer *layer) {
    const int32_t size = layer->kernel_rows * layer->kernel_columns * (layer->inputs / layer->groups);
    const int32_t pairs = 2 * ((size + 3) / 4 * 4);
    const int32_t vectors = (size + 15) / 16 * 16;
    return 3 * (pairs > vectors ? pairs : vectors);
}

void wk_conv_2d(const wk_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                int8_t *output, void *scratch);
void wk_depthwise_conv_2d(const wk_depthwise_conv_2d_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch);
void wk_dense(const wk_dense_layer *layer, const int8_t *input, int8_t *output);

#ifdef __cplusplus
}
#endif

#endif
