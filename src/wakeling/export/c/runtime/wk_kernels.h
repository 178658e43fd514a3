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

/* From a 32-bit sum to an int8: multiplied by multiplier / 2^31 and by 2^shift, each rounded
 * (halves up, then away from zero), plus the zero point, clamped. One multiplier and shift a
 * channel. */
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

/* A dense layer. Weights are [output][input], the bias as above. `channels` multipliers: one a
 * unit, or a single one. */
typedef struct {
    int32_t inputs, outputs;
    int32_t channels;
    const int8_t *weights;
    const int32_t *bias;
    wk_requantization requantization;
} wk_dense_layer;

/* Axes that are walked, the last one fastest: sizes, and how far apart neighbors are in memory. */
enum { WK_MOST_AXES = 8 };
typedef struct {
    int32_t count; /* at most WK_MOST_AXES */
    const int32_t *sizes;
    const int32_t *strides;
} wk_axes;

/* A function of single bytes: what each becomes. */
typedef struct {
    int32_t channels;
    const uint8_t *values; /* 256, by the byte as an unsigned number */
} wk_table_layer;

/* One operand of a sum or a product; from one pixel and one channel to the next it takes a
 * stride, which is 0 where it is broadcast. A sum scales it by multiplier / 2^31 * 2^shift. */
typedef struct {
    int32_t zero_point;
    int32_t multiplier, shift;
    int32_t pixel_stride, channel_stride;
} wk_operand;

/* left + sign * right. `constant` stands for the operand that is NULL. */
typedef struct {
    int32_t channels;
    int32_t sign; /* 1 or -1 */
    const int8_t *constant;
    wk_operand left, right;
    int32_t multiplier, shift; /* of the sum */
    int32_t zero_point, low, high;
} wk_add_layer;

/* left * right; the operands' own multipliers are not used. */
typedef struct {
    int32_t channels;
    const int8_t *constant;
    wk_operand left, right;
    int32_t multiplier, shift; /* of the product */
    int32_t zero_point, low, high;
} wk_mul_layer;

/* A sum or a product of operands that are broadcast along more axes than pixels and channels:
 * for each place of the outer axes, `pixels` pixels. */
typedef struct {
    wk_add_layer add;
    int32_t pixels;
    wk_axes left, right;
} wk_add_broadcast_layer;

typedef struct {
    wk_mul_layer mul;
    int32_t pixels;
    wk_axes left, right;
} wk_mul_broadcast_layer;

/* Tensors one behind the other: of each in turn so many bytes. */
typedef struct {
    int32_t inputs;
    const int32_t *bytes;
} wk_concat_layer;

/* A pool. A pad that is fused into it makes rows and columns around the image that count as zeros;
 * all that is beyond does not count. */
typedef struct {
    int32_t channels;
    int32_t pool_rows, pool_columns;
    int32_t stride_rows, stride_columns;
    int32_t pad_top, pad_bottom, pad_left, pad_right;
    int32_t zero_point; /* what the pad is filled with */
} wk_pool_2d_layer;

/* A mean over axes: sums less `zero_points` (zero point times count), requantized. */
typedef struct {
    int32_t outputs;
    wk_axes kept;
    wk_axes added;                  /* all but the last of the axes that are added up */
    int32_t terms, stride;          /* the last one of them */
    int32_t zero_points;
    int32_t multiplier, shift;
    int32_t zero_point, low, high;
} wk_mean_layer;

/* Every so-manieth pixel of a box that may reach beyond the image, with bytes before and behind
 * each pixel: a pad, a crop, a strided slice. */
typedef struct {
    int32_t first, bytes, last; /* of a pixel: filled, copied, filled */
    int32_t stride_rows, stride_columns;
    int32_t fill;
} wk_crop_and_pad_layer;

/* The values in another order: a transposition, a slice. All numbers are bytes. */
typedef struct {
    int32_t start;
    wk_axes outer;
    int32_t runs, stride; /* the innermost axis: so many runs, so far apart */
    int32_t run_bytes;
} wk_rearrange_layer;

/* Softmax over channels. `exponentials` has exp(-scale * beta * d) in units of 2^-31 for each
 * difference d = 0, 1, ... to the largest value; all behind are 0. */
typedef struct {
    int32_t channels;
    int32_t count;
    const int32_t *exponentials;
} wk_softmax_layer;

/* From float to int8 or uint8: round(value / scale) + zero point, halves away from zero,
 * clamped. */
typedef struct {
    int32_t channels;
    float scale;
    int32_t zero_point, low, high;
} wk_quantize_layer;

/* From int8 or uint8 to float: scale * (value - zero point). */
typedef struct {
    int32_t channels;
    int32_t is_unsigned;
    float scale;
    int32_t zero_point;
} wk_dequantize_layer;

/* Bytes of three gathered windows of a group, each as int16 values in fours or as int8 values in
 * sixteens: the first part of a convolution's scratch. A ring of rows follows where it has one. */
static inline int32_t wk_windows_bytes(const wk_conv_2d_layer *layer) {
    const int32_t depth = layer->inputs / layer->groups;
    const int32_t size = layer->kernel_rows * layer->kernel_columns * depth;
    const int32_t pairs = 2 * ((size + 3) / 4 * 4);
    const int32_t vectors = (size + 15) / 16 * 16;
    return 3 * (pairs > vectors ? pairs : vectors);
}

void wk_conv_2d(const wk_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                int8_t *output, void *scratch);
void wk_depthwise_conv_2d(const wk_depthwise_conv_2d_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch);
void wk_dense(const wk_dense_layer *layer, const int8_t *input, int8_t *output);
void wk_average_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window, const int8_t *input,
                        int8_t *output, void *scratch);
void wk_max_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch);
void wk_crop_and_pad(const wk_crop_and_pad_layer *layer, const wk_window *window, const void *input,
                     void *output);

/* These compute `pixels` pixels; the output may lie over an operand of its size. */
void wk_table(const wk_table_layer *layer, const void *input, void *output, int32_t pixels);
/* The same with a table for each channel, one behind the other. */
void wk_channel_tables(const wk_table_layer *layer, const void *input, void *output, int32_t pixels);
void wk_add(const wk_add_layer *layer, const int8_t *left, const int8_t *right, int8_t *output,
            int32_t pixels);
void wk_mul(const wk_mul_layer *layer, const int8_t *left, const int8_t *right, int8_t *output,
            int32_t pixels);
void wk_softmax(const wk_softmax_layer *layer, const int8_t *input, int8_t *output, int32_t pixels);
void wk_quantize(const wk_quantize_layer *layer, const float *input, void *output, int32_t pixels);
void wk_dequantize(const wk_dequantize_layer *layer, const void *input, float *output,
                   int32_t pixels);
void wk_concat(const wk_concat_layer *layer, const void *const *inputs, void *output,
               int32_t pixels);

/* These compute whole tensors. */
void wk_add_broadcast(const wk_add_broadcast_layer *layer, const int8_t *left, const int8_t *right,
                      int8_t *output);
void wk_mul_broadcast(const wk_mul_broadcast_layer *layer, const int8_t *left, const int8_t *right,
                      int8_t *output);
void wk_mean(const wk_mean_layer *layer, const int8_t *input, int8_t *output);
void wk_rearrange(const wk_rearrange_layer *layer, const void *input, void *output);

#ifdef __cplusplus
}
#endif

#endif
