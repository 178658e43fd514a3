/* Average pool: the mean of the positions that count, halves away from zero. */
#include "wk_pool_2d.h"

static inline int32_t add(int32_t sum, int32_t value, int32_t times) {
    return sum + value * times;
}

static inline int8_t finish(int32_t sum, int32_t count) {
    const int32_t half = count / 2;
    return (int8_t)((sum > 0 ? sum + half : sum - half) / count);
}

void wk_average_pool_2d(const wk_pool_2d_layer *layer, const wk_window *window, const int8_t *input,
                        int8_t *output, void *scratch) {
    const wk_pooling average = {0, add, finish};
    wk_pool_2d(layer, window, input, output, scratch, &average);
}
