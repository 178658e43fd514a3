/* The fixed-point arithmetic of TensorFlow Lite's int8 scheme, exact, without undefined
 * behavior. */
#ifndef WK_ARITHMETIC_H
#define WK_ARITHMETIC_H

#include <stdint.h>

/* The low 32 bits of a * b + c: what a register holds after an overflow. */
static inline int32_t wk_multiply_add(int32_t a, int32_t b, int32_t c) {
    return (int32_t)((uint32_t)a * (uint32_t)b + (uint32_t)c);
}

/* round(a * b / 2^31), halves up, for b >= 0. */
static inline int32_t wk_high_multiply(int32_t a, int32_t b) {
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
}

/* round(value / 2^exponent), halves away from zero, for an exponent of 0 to 31. */
static inline int32_t wk_rounding_shift(int32_t value, int32_t exponent) {
    const int32_t mask = (int32_t)(((uint32_t)1 << exponent) - 1);
    return (value >> exponent) + ((value & mask) > (mask >> 1) + (value < 0));
}

static inline int32_t wk_clamp(int32_t value, int32_t low, int32_t high) {
    return value < low ? low : value > high ? high : value;
}

/* value * multiplier / 2^31 * 2^shift, rounded twice. */
static inline int32_t wk_multiply_by_quantized(int32_t value, int32_t multiplier, int32_t shift) {
    if (shift > 0) {
        value = (int32_t)((uint32_t)value << (uint32_t)shift);
    }
    return wk_rounding_shift(wk_high_multiply(value, multiplier), shift < 0 ? -shift : 0);
}

/* A 32-bit sum as an int8: clamped before the zero point is added, so that nothing overflows. */
static inline int8_t wk_requantize(int32_t value, int32_t multiplier, int32_t shift,
                                   int32_t zero_point, int32_t low, int32_t high) {
    const int32_t scaled = wk_multiply_by_quantized(value, multiplier, shift);
    return (int8_t)(wk_clamp(scaled, low - zero_point, high - zero_point) + zero_point);
}

#endif
