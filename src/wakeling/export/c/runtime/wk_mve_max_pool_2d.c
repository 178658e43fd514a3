/* Maximum pool on cores with Helium: sixteen channels at a time. */
#include "wk_mve_pool_2d.h"

static void largest(const wk_pool_2d_layer *layer, const wk_mve_pool_window *seen, int8_t *output) {
    const int32_t start = seen->padded > 0 ? layer->zero_point : -128;
    for (int32_t c = 0; c < layer->channels; c += 16) {
        const int8_t *from = seen->from + c;
        int32_t rows = seen->rows * seen->columns > 0 ? seen->rows : 0;
        __asm volatile("vctp.8 %[left]\n"
                       "vdup.8 q0, %[start]\n"
                       "cmp %[rows], #0\n"
                       "beq 3f\n"
                       "1:\n"
                       "dls lr, %[columns]\n"
                       "2:\n"
                       "vpst\n"
                       "vldrbt.8 q1, [%[from]]\n"
                       "add %[from], %[from], %[pixel]\n"
                       "vmax.s8 q0, q0, q1\n"
                       "le lr, 2b\n"
                       "add %[from], %[from], %[skip]\n"
                       "subs %[rows], %[rows], #1\n"
                       "bne 1b\n"
                       "3:\n"
                       "vpst\n"
                       "vstrbt.8 q0, [%[to]]\n"
                       : [from] "+r"(from), [rows] "+r"(rows)
                       : [left] "r"(layer->channels - c), [start] "r"(start), [columns] "r"(seen->columns),
                         [pixel] "r"(seen->pixel_bytes), [skip] "r"(seen->skip), [to] "r"(output + c)
                       : "q0", "q1", "lr", "cc", "memory");
    }
}

void wk_mve_max_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window, const int8_t *input,
                        int8_t *output, void *scratch) {
    if (input == output && scratch != NULL) {
        wk_max_pool_2d(layer, window, input, output, scratch);
    } else {
        wk_mve_pool_2d(layer, window, input, output, largest);
    }
}
