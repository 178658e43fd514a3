/* Kernels for cores with Helium (the integer vectors of Armv8.1-M), and what they share.
 *
 * A product of vectors is one instruction for sixteen weights. The inner loops are written in
 * assembly language, for GCC and Clang: they need exact registers, which compilers do not find by
 * themselves.
 */
#ifndef WK_MVE_H
#define WK_MVE_H

#include "wk_kernels.h"

/* What all outputs of a layer have in common. `is_plain`: no sum is shifted left, and what is below
 * zero ends at the zero point, so that it does not matter how its halves are rounded. */
typedef struct {
    int32_t zero_point;
    int32_t low, high;
    int32_t is_plain;
} wk_mve_requantization;

/* A convolution without groups. `stream` has, for each four outputs (zeros stand for missing ones):
 *   for each sixteen inputs of the window, and for the `rest`, those weights of each output;
 *   the biases, as in wk_conv_2d_layer; the shifts, as int8; the multipliers. */
typedef struct {
    int32_t inputs, outputs;
    int32_t kernel_rows, kernel_columns;
    int32_t stride_rows, stride_columns;
    int32_t dilation_rows, dilation_columns;
    int32_t input_zero_point;
    int32_t steps, rest;
    const int32_t *stream;
    wk_mve_requantization requantization;
} wk_mve_conv_2d_layer;

/* A depthwise convolution, one output for each channel, without dilation. Weights are
 * [channel][kernel row][kernel column]. */
typedef struct {
    int32_t channels;
    int32_t kernel_rows, kernel_columns;
    int32_t stride_rows, stride_columns;
    int32_t input_zero_point;
    const int8_t *weights;
    const int32_t *bias;
    const int32_t *multiplier;
    const int8_t *shift;
    wk_mve_requantization requantization;
} wk_mve_depthwise_layer;

void wk_mve_conv_2d(const wk_mve_conv_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch);
/* A kernel of up to 8x8. */
void wk_mve_depthwise(const wk_mve_depthwise_layer *layer, const wk_window *window,
                      const int8_t *input, int8_t *output, void *scratch);

/* A kernel of 3x3, both strides 1 or both 2. */
void wk_mve_depthwise_3x3(const wk_mve_depthwise_layer *layer, const wk_window *window,
                          const int8_t *input, int8_t *output, void *scratch);

/* As the kernels in plain C, for the same layers. Operands of sums and products have a value for
 * each channel, shifts of a sum's operands and of the sum itself are at most 0. */
void wk_mve_table(const wk_table_layer *layer, const void *input, void *output, int32_t pixels);
void wk_mve_add(const wk_add_layer *layer, const int8_t *left, const int8_t *right, int8_t *output,
                int32_t pixels);
void wk_mve_mul(const wk_mul_layer *layer, const int8_t *left, const int8_t *right, int8_t *output,
                int32_t pixels);
void wk_mve_max_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window, const int8_t *input,
                        int8_t *output, void *scratch);
void wk_mve_average_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window,
                            const int8_t *input, int8_t *output, void *scratch);

/* Copies bytes, sixteen at a time. */
static inline void wk_mve_copy(int8_t *to, const int8_t *from, int32_t bytes) {
    __asm volatile("wlstp.8 lr, %[bytes], 2f\n"
                   "1:\n"
                   "vldrb.8 q0, [%[from]], #16\n"
                   "vstrb.8 q0, [%[to]], #16\n"
                   "letp lr, 1b\n"
                   "2:\n"
                   : [to] "+r"(to), [from] "+r"(from)
                   : [bytes] "r"(bytes)
                   : "q0", "lr", "memory");
}

static inline void wk_mve_fill(int8_t *to, int32_t value, int32_t bytes) {
    __asm volatile("vdup.8 q0, %[value]\n"
                   "wlstp.8 lr, %[bytes], 2f\n"
                   "1:\n"
                   "vstrb.8 q0, [%[to]], #16\n"
                   "letp lr, 1b\n"
                   "2:\n"
                   : [to] "+r"(to)
                   : [value] "r"(value), [bytes] "r"(bytes)
                   : "q0", "lr", "memory");
}

#endif
