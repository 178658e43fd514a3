/* Maximum pool on cores with Helium: sixteen channels at a time. */
#include "wk_mve_pool_2d.h"

static __attribute__((naked, noinline)) void largest_of_sixteen(
    __attribute__((unused)) const wk_mve_pool_window *seen) {
    __asm volatile(WK_MVE_POOL("vctp.8 r3\n"
                               "vdup.8 q0, r8\n",
                               "vpst\n"
                               "vldrbt.8 q1, [r1]\n"
                               "vmax.s8 q0, q0, q1\n")
                   "vpst\n"
                   "vstrbt.8 q0, [r2]\n"
                   "pop {r4-r8, pc}\n");
}

static void largest(const wk_pool_2d_layer *layer, wk_mve_pool_window *seen, int32_t padded) {
    seen->start = padded > 0 ? layer->zero_point : -128;
    for (seen->channels = layer->channels; seen->channels > 0; seen->channels -= 16) {
        largest_of_sixteen(seen);
        seen->from += 16;
        seen->to += 16;
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
