/* The instructions of the DSP extension, and requantization with them.
 *
 * Each is written in plain C too, for compilers of other machines, so that the kernels can be
 * tested there.
 */
#ifndef WK_DSP_ARITHMETIC_H
#define WK_DSP_ARITHMETIC_H

#include "wk_arithmetic.h"
#include "wk_dsp.h"

#define WK_INLINE static inline __attribute__((always_inline))

/* How a sum is requantized. What a mode takes for granted is proved when the model is compiled. */
enum {
    WK_RELU, /* nothing is shifted left, no sum reaches 2^30; the low end is the zero point, -128 */
    WK_LINEAR,  /* likewise, but -128 is just the least int8; a sum below 0 stays so when it is
                   scaled */
    WK_CLAMPED, /* as WK_LINEAR or with the zero point as the low end, and any ends */
    WK_GENERAL  /* any sums, any shifts */
};

WK_INLINE int32_t wk_low_half(uint32_t pair) {
    return (int16_t)(uint16_t)pair;
}

WK_INLINE int32_t wk_high_half(uint32_t pair) {
    return (int16_t)(uint16_t)(pair >> 16);
}

WK_INLINE uint32_t wk_as_pair(int32_t low, int32_t high) {
#ifdef __ARM_FEATURE_DSP
    uint32_t pair;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(pair) : "r"(low), "r"(high));
    return pair;
#else
    return ((uint32_t)low & 0xffffU) | (uint32_t)high << 16;
#endif
}

/* Four bytes at any address: these cores load them at once. (Some compilers call memcpy for that.)
 */
typedef struct {
    uint32_t value;
} __attribute__((packed, may_alias)) wk_unaligned;

WK_INLINE uint32_t wk_four(const int8_t *from) {
    return ((const wk_unaligned *)(const void *)from)->value;
}

/* Bytes 0 and 2 of a word, with their signs. */
WK_INLINE uint32_t wk_even_bytes(uint32_t four) {
#ifdef __ARM_FEATURE_DSP
    uint32_t pair;
    __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(four));
    return pair;
#else
    return wk_as_pair((int8_t)(uint8_t)four, (int8_t)(uint8_t)(four >> 16));
#endif
}

/* Bytes 1 and 3 of a word, with their signs. */
WK_INLINE uint32_t wk_odd_bytes(uint32_t four) {
#ifdef __ARM_FEATURE_DSP
    uint32_t pair;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(four));
    return pair;
#else
    return wk_as_pair((int8_t)(uint8_t)(four >> 8), (int8_t)(uint8_t)(four >> 24));
#endif
}

/* sum + both products of two pairs, modulo 2^32. */
WK_INLINE int32_t wk_add_products(uint32_t left, uint32_t right, int32_t sum) {
#ifdef __ARM_FEATURE_DSP
    __asm__("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(left), "r"(right));
    return sum;
#else
    sum = wk_multiply_add(wk_low_half(left), wk_low_half(right), sum);
    return wk_multiply_add(wk_high_half(left), wk_high_half(right), sum);
#endif
}

/* What is added to a scaled sum before it is shifted: one half, and the zero point. */
WK_INLINE int32_t wk_offset(int32_t zero_point, int32_t exponent) {
    return (int32_t)((uint32_t)(2 * zero_point + 1) << (uint32_t)exponent) >> 1;
}

/* round(twice * multiplier / 2^32) + offset, halves up. */
WK_INLINE int32_t wk_scale(int32_t twice, int32_t multiplier, int32_t offset) {
#ifdef __ARM_FEATURE_DSP
    __asm__("smmlar %0, %1, %2, %0" : "+r"(offset) : "r"(twice), "r"(multiplier));
    return offset;
#else
    return (int32_t)(((int64_t)twice * multiplier + ((int64_t)1 << 31)) >> 32) + offset;
#endif
}

WK_INLINE int32_t wk_saturate(int32_t value) {
#ifdef __ARM_FEATURE_DSP
    __asm__("ssat %0, #8, %1" : "=r"(value) : "r"(value));
    return value;
#else
    return wk_clamp(value, -128, 127);
#endif
}

/* A sum as an output. The second rounding takes halves away from zero: one less is added where the
 * sum is negative, unless all such end at the zero point. */
WK_INLINE int8_t wk_requantize_sum(int32_t sum, int32_t multiplier, int32_t exponent,
                                   const wk_dsp_requantization *to, int32_t mode) {
    if (mode == WK_GENERAL) {
        return wk_requantize(sum, multiplier, -exponent, to->zero_point, to->low, to->high);
    }
    const int32_t twice = (int32_t)((uint32_t)sum << 1);
    int32_t scaled = wk_scale(twice, multiplier, wk_offset(to->zero_point, exponent));
    if (mode != WK_RELU) {
        scaled += twice >> 31;
    }
    scaled >>= exponent;
    return (int8_t)(mode == WK_CLAMPED ? wk_clamp(scaled, to->low, to->high) : wk_saturate(scaled));
}

#endif
