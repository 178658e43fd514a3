/* A function of single bytes on cores with Helium: sixteen are looked up at a time. */
#include "wk_mve.h"

void wk_mve_table(const wk_table_layer *layer, const void *input, void *output, int32_t pixels) {
    const uint8_t *from = input;
    uint8_t *to = output;
    __asm volatile("wlstp.8 lr, %[count], 2f\n"
                   "1:\n"
                   "vldrb.8 q0, [%[from]], #16\n"
                   "vldrb.u8 q1, [%[values], q0]\n"
                   "vstrb.8 q1, [%[to]], #16\n"
                   "letp lr, 1b\n"
                   "2:\n"
                   : [from] "+r"(from), [to] "+r"(to)
                   : [count] "r"(pixels * layer->channels), [values] "r"(layer->values)
                   : "q0", "q1", "lr", "memory");
}
