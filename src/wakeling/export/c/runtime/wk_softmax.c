/* Softmax in fixed point: exponentials from a table, and a division by three steps of Newton's
 * method. */
#include "wk_arithmetic.h"
#include "wk_kernels.h"

/* Numbers "in Fn" have n integer bits: their value is raw / 2^(31 - n). */
enum { WK_SUM_BITS = 12, WK_OUTPUT_BITS = 8 };

static int32_t times_saturated(int32_t value, int32_t factor) {
    const int64_t product = (int64_t)value * factor;
    return product > INT32_MAX ? INT32_MAX : product < INT32_MIN ? INT32_MIN : (int32_t)product;
}

/* 1 / (1 + x) in F0 for x = rest / 2^31, from 0 to before 1. */
static int32_t one_over_one_plus(uint32_t rest) {
    const int32_t half = (int32_t)((rest >> 1) + ((uint32_t)1 << 30)); /* (1 + x) / 2 in F0 */
    int32_t x = 1515870810 + wk_high_multiply(half, -1010580540); /* 48/17 - 32/17 * half in F2 */
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - wk_high_multiply(half, x);
        x += times_saturated(wk_high_multiply(x, error), 4);
    }
    return times_saturated(x, 2);
}

static int32_t exponential(const wk_softmax_layer *layer, int32_t difference) {
    return difference < layer->count ? layer->exponentials[difference] : 0;
}

static void softmax(const wk_softmax_layer *layer, const int8_t *input, int8_t *output) {
    int32_t largest = input[0];
    uint32_t sum = 0;
    for (int32_t c = 1; c < layer->channels; c++) {
        largest = input[c] > largest ? input[c] : largest;
    }
    for (int32_t c = 0; c < layer->channels; c++) {
        sum += (uint32_t)wk_rounding_shift(exponential(layer, largest - input[c]), WK_SUM_BITS);
    }
    int32_t zeros = 0;
    for (; (sum & ((uint32_t)1 << 31)) == 0; zeros++) {
        sum <<= 1;
    }
    const int32_t reciprocal = one_over_one_plus(sum - ((uint32_t)1 << 31));
    const int32_t shift = WK_SUM_BITS - zeros + 31 - WK_OUTPUT_BITS;
    for (int32_t c = 0; c < layer->channels; c++) {
        const int32_t share = wk_high_multiply(exponential(layer, largest - input[c]), reciprocal);
        output[c] = (int8_t)(wk_clamp(wk_rounding_shift(share, shift < 31 ? shift : 31), 0,
                                      255) - 128);
    }
}

void wk_softmax(const wk_softmax_layer *layer, const int8_t *input, int8_t *output,
                int32_t pixels) {
    for (; pixels > 0; pixels--, input += layer->channels, output += layer->channels) {
        softmax(layer, input, output);
    }
}
