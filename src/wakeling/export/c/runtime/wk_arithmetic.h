/* The fixed-point arithmetic of TensorFlow Lite's int8 scheme, exact, without undefined
 * behavior. */
#ifndef WK_ARITHMETIC_H
#define WK_ARITHMETIC_H

#include <stdint.h>

/* The low 32 bits of a * b + c: what a register holds after an overflow. */
static inline int32_t wk_multiply_add(int32_t a, int32_t b, int32_t c) {
    return (int32_t)((uint32_t)a * (uint32_t)b + (uint32_t)c);
}

/* Cores that multiply to 32 bits only, and have eight registers to compute with. */
#if defined(__ARM_ARCH_6M__) || defined(__ARM_ARCH_8M_BASE__)
#define WK_SMALL_CORE
#endif

/* round(a * b / 2^31), halves up, for any a and b of which one is not -2^31. */
static inline int32_t wk_high_multiply(int32_t a, int32_t b) {
#ifdef WK_SMALL_CORE
    /* From products of halves: the upper 32 bits of a * b, and the lower ones to round by. */
    const uint32_t low_a = (uint32_t)a & 0xffffu, low_b = (uint32_t)b & 0xffffu;
    const int32_t high_a = a >> 16, high_b = b >> 16;
    const uint32_t low = low_a * low_b;
    const int32_t one = high_a * (int32_t)low_b, other = (int32_t)low_a * high_b;
    const uint32_t middle = (low >> 16) + ((uint32_t)one & 0xffffu) + ((uint32_t)other & 0xffffu);
    const int32_t high = high_a * high_b + (one >> 16) + (other >> 16) + (int32_t)(middle >> 16);
    return (int32_t)((uint32_t)high * 2 + ((((middle & 0xffffu) >> 14) + 1) >> 1));
#else
    return (int32_t)(((int64_t)a * b + ((int64_t)1 << 30)) >> 31);
#endif
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
