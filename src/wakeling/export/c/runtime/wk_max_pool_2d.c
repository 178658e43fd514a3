/* Maximum pool: the largest of the positions that count. */
#include "wk_pool_2d.h"

static inline int32_t larger(int32_t largest, int32_t value, int32_t times) {
    (void)times;
    return value > largest ? value : largest;
}

static inline int8_t finish(int32_t largest, int32_t count) {
    (void)count;
    return (int8_t)largest;
}

void wk_max_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window, const int8_t *input,
                    int8_t *output, void *scratch) {
    const wk_pooling maximum = {INT8_MIN, larger, finish};
    wk_pool_2d(layer, window, input, output, scratch, &maximum);
}
