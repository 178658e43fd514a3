/* Average pool on cores with Helium: four channels at a time, halves away from zero.
 *
 * A sum's absolute value, at most 128 * count, plus count / 2 is divided by multiplying it by 2^32
 * / count, rounded up: by the factor (2^32 + e) / count with e < count. That is exact where the
 * product of e and what is divided is below 2^32, and 128.5 * count * count is, for a count below
 * 5781.
 */
#include "wk_mve_pool_2d.h"

enum { WK_MOST_COUNTED = 4096 };

static __attribute__((naked, noinline)) void mean_of_four(
    __attribute__((unused)) const wk_mve_pool_window *seen) {
    __asm volatile(WK_MVE_POOL("vctp.32 r3\n"
                               "vdup.32 q0, r8\n",
                               "vpst\n"
                               "vldrbt.s32 q1, [r1]\n"
                               "vadd.i32 q0, q0, q1\n")
                   "ldrd r7, r8, [r0, #32]\n"
                   "vabs.s32 q1, q0\n"
                   "cmp r8, #0\n"
                   "beq 4f\n"
                   "vadd.i32 q1, q1, r7\n"
                   "vdup.32 q2, r8\n"
                   "vmulh.u32 q1, q1, q2\n"
                   "4:\n"
                   "vpt.s32 lt, q0, zr\n"
                   "vnegt.s32 q1, q1\n"
                   "vctp.32 r3\n"
                   "vpst\n"
                   "vstrbt.32 q1, [r2]\n"
                   "pop {r4-r8, pc}\n");
}

static void mean(const wk_pool_2d_layer *layer, wk_mve_pool_window *seen, int32_t padded) {
    const int32_t count = seen->rows * seen->columns + padded;
    seen->start = layer->zero_point * padded;
    seen->half = count / 2;
    seen->factor = 0xffffffffU / (uint32_t)count + 1U; /* 0 stands for 2^32: one position */
    for (seen->channels = layer->channels; seen->channels > 0; seen->channels -= 4) {
        mean_of_four(seen);
        seen->from += 4;
        seen->to += 4;
    }
}

void wk_mve_average_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window,
                            const int8_t *input, int8_t *output, void *scratch) {
    if ((input == output && scratch != NULL) ||
        layer->pool_rows * layer->pool_columns > WK_MOST_COUNTED) {
        wk_average_pool_2d(layer, window, input, output, scratch);
    } else {
        wk_mve_pool_2d(layer, window, input, output, mean);
    }
}
