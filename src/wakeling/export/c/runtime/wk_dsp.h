/* Kernels for cores with the DSP extension (Armv7E-M, and Armv8-M with DSP): their layers.
 *
 * Two products a SMLAD, two outputs a word of weights, requantization by SMMLAR.
 */
#ifndef WK_DSP_H
#define WK_DSP_H

#include "wk_kernels.h"

/* Two int16 in one word, the first in the lower half, and one of them; in memory that was bytes
 * before. */
typedef uint32_t __attribute__((may_alias)) wk_pair;
typedef int16_t __attribute__((may_alias)) wk_half;

/* What all outputs of a layer have in common. */
typedef struct {
    int32_t zero_point;
    int32_t low, high;
} wk_dsp_requantization;

/* What three windows are filtered with: the stream of some pairs of outputs, its end, the windows,
 * bytes of a pair's weights, twice the zero point + 1, where outputs are clamped. */
typedef struct {
    const int32_t *stream, *end;
    const wk_pair *gathered;
    int32_t weight_bytes;
    int32_t middle, low, high;
} wk_filtering;

/* All filters over three windows; each window's outputs go to a target. */
typedef void wk_filter_three(int8_t *first, int8_t *second, int8_t *third,
                             const wk_filtering *filtering);

/* All filters over one of three windows. */
typedef void wk_filter_one(const wk_dsp_requantization *to, const int32_t *stream,
                           const wk_pair *gathered, int32_t fours, int32_t outputs, int8_t *target);

/* A convolution. A window is gathered in fours: each of its stretches of bytes that lie one behind
 * the other gives as many fours as it has, then what is left of all stretches gives the last ones.
 *
 * `stream` has, for each pair of outputs (an odd number of them ends with a pair of the last two;
 * one output is paired with itself): both biases, as in wk_conv_2d_layer; eight bytes for each four
 * inputs k, l, m, n: those of k, m, l, n, of both outputs each; both multipliers; both exponents
 * (-shift, as int8) in the lower half of a word. Where weights are packed, two bytes of them are
 * the number 256 * second + first, and the second bias is 256 * second + first too. `three` is NULL
 * where they are not, and for one output. */
typedef struct {
    int32_t inputs, outputs;
    int32_t kernel_rows, kernel_columns;
    int32_t stride_rows, stride_columns;
    int32_t dilation_rows, dilation_columns;
    int32_t input_zero_point;
    wk_filter_three *three;
    wk_filter_one *one;
    const int32_t *stream;
    wk_dsp_requantization requantization;
} wk_dsp_conv_2d_layer;

/* What a row of outputs of a depthwise convolution is computed with: twice the bias, multiplier,
 * wk_offset(...), exponent, bytes from one output to the next. Two outputs at a time: `bytes` are
 * those of scratch that the first windows of all pairs of outputs start in, `odd` those of one more
 * where an output is left over, or 0. */
typedef struct {
    int32_t twice_bias, multiplier, offset, exponent;
    int32_t step, odd, bytes;
} wk_row;

/* One row of outputs of one channel. `weights` are, for each row, twice (first, second) and twice
 * (second, third). */
typedef void wk_filter_row(const wk_pair *rows, const wk_row *row, int8_t *output,
                           const wk_pair *weights);

/* A depthwise convolution with one output for each input channel and no dilation. Weights are
 * [channel][kernel row][kernel column]; exponents are -shift. `run` is for 3x3 kernels alone. */
typedef struct {
    int32_t channels;
    int32_t kernel_rows, kernel_columns;
    int32_t stride_rows, stride_columns;
    int32_t input_zero_point;
    wk_filter_row *run;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *exponent;
    wk_dsp_requantization requantization;
} wk_dsp_depthwise_layer;

/* A dense layer: as a convolution whose window is one stretch. */
typedef struct {
    int32_t inputs, outputs;
    const int32_t *stream;
    wk_dsp_requantization requantization;
} wk_dsp_dense_layer;

/* By what is proved of a layer's sums (see wk_dsp_arithmetic.h); packed weights but for the last.
 */
wk_filter_three wk_dsp_three_relu, wk_dsp_three_linear, wk_dsp_three_clamped;
wk_filter_one wk_dsp_one_packed, wk_dsp_one_plain;

/* By stride, and by what is proved. */
wk_filter_row wk_dsp_row_relu_1, wk_dsp_row_linear_1, wk_dsp_row_relu_2, wk_dsp_row_linear_2;

void wk_dsp_conv_2d(const wk_dsp_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch);
void wk_dsp_depthwise(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                      const int8_t *input, int8_t *output, void *scratch);
void wk_dsp_depthwise_general(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                              const int8_t *input, int8_t *output, void *scratch);
void wk_dsp_depthwise_3x3(const wk_dsp_depthwise_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch);
void wk_dsp_dense(const wk_dsp_dense_layer *layer, const int8_t *input, int8_t *output);
void wk_dsp_dense_plain(const wk_dsp_dense_layer *layer, const int8_t *input, int8_t *output);

#endif
