/* Average pool on cores with Helium: four channels at a time, halves away from zero.
 *
 * A sum's absolute value, at most 128 * count, plus count / 2 is divided by multiplying it by
 * 2^32 / count, rounded up. That is exact below 2^32 / count: 128 * count^2 < 2^31 for a count below 4096.
 */
#include "wk_mve_pool_2d.h"

enum { WK_MOST_COUNTED = 4095 };

static void mean(const wk_pool_2d_layer *layer, const wk_mve_pool_window *seen, int8_t *output) {
    const int32_t count = seen->rows * seen->columns + seen->padded;
    const uint32_t factor = 0xffffffffU / (uint32_t)count + 1U; /* 0 stands for 2^32 */
    const int32_t start = layer->zero_point * seen->padded;
    for (int32_t c = 0; c < layer->channels; c += 4) {
        const int8_t *from = seen->from + c;
        int32_t rows = seen->rows * seen->columns > 0 ? seen->rows : 0;
        int32_t left = layer->channels - c;
        __asm volatile("vctp.32 %[left]\n"
                       "vdup.32 q0, %[start]\n"
                       "cmp %[rows], #0\n"
                       "beq 3f\n"
                       "1:\n"
                       "dls lr, %[columns]\n"
                       "2:\n"
                       "vpst\n"
                       "vldrbt.s32 q1, [%[from]]\n"
                       "add %[from], %[from], %[pixel]\n"
                       "vadd.i32 q0, q0, q1\n"
                       "le lr, 2b\n"
                       "add %[from], %[from], %[skip]\n"
                       "subs %[rows], %[rows], #1\n"
                       "bne 1b\n"
                       "3:\n"
                       "vabs.s32 q1, q0\n"
                       "cmp %[factor], #0\n"
                       "beq 4f\n"
                       "vadd.i32 q1, q1, %[half]\n"
                       "vdup.32 q2, %[factor]\n"
                       "vmulh.u32 q1, q1, q2\n"
                       "4:\n"
                       "vpt.s32 lt, q0, zr\n"
                       "vnegt.s32 q1, q1\n"
                       "vctp.32 %[left]\n"
                       "vpst\n"
                       "vstrbt.32 q1, [%[to]]\n"
                       : [from] "+l"(from), [rows] "+r"(rows)
                       : [left] "r"(left), [start] "r"(start), [columns] "r"(seen->columns),
                         [pixel] "r"(seen->pixel_bytes), [skip] "r"(seen->skip), [half] "r"(count / 2),
                         [factor] "r"(factor), [to] "l"(output + c)
                       : "q0", "q1", "q2", "lr", "cc", "memory");
    }
}

void wk_mve_average_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window, const int8_t *input,
                            int8_t *output, void *scratch) {
    if ((input == output && scratch != NULL) || layer->pool_rows * layer->pool_columns > WK_MOST_COUNTED) {
        wk_average_pool_2d(layer, window, input, output, scratch);
    } else {
        wk_mve_pool_2d(layer, window, input, output, mean);
    }
}
