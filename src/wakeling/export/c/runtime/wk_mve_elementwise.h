/* Sums and products of four pairs of values at a time, on cores with Helium. */
#ifndef WK_MVE_ELEMENTWISE_H
#define WK_MVE_ELEMENTWISE_H

#include "wk_mve.h"

/* Values one behind the other. The functions below read this structure by the offsets of its
 * members. Shifts are at most 0, but for `before`, which is at least 0. */
typedef struct {
    const int8_t *left, *right;           /*  0,  4 */
    int8_t *output;                       /*  8 */
    int32_t count;                        /* 12 */
    int32_t left_zero, right_zero;        /* 16, 20 */
    int32_t left_factor, right_factor;    /* 24, 28 */
    int32_t left_shift, right_shift;      /* 32, 36 */
    int32_t factor, shift;                /* 40, 44 */
    int32_t zero_point, sign;             /* 48, 52 */
    int32_t low, high;                    /* 56, 60 */
    int32_t before;                       /* 64: how far products are shifted left first */
} wk_mve_elements;

/* times factor / 2^31, times 2^shift, halves away from zero: one is taken off what is negative,
 * unless it is not shifted. */
#define WK_MVE_SCALED(value, factor, shift)        \
    "vqrdmulh.s32 " value ", " value ", " factor "\n"  \
    "vand q2, " value ", " shift "\n"              \
    "vshr.s32 q2, q2, #31\n"                       \
    "vadd.i32 " value ", " value ", q2\n"          \
    "vrshl.s32 " value ", " value ", " shift "\n"

#define WK_MVE_ELEMENTS(combine)         \
    "push {r4-r11, lr}\n"                \
    "vpush {d8-d15}\n"                   \
    "ldrd r1, r2, [r0, #56]\n"           \
    "vdup.32 q3, r1\n"                   \
    "vdup.32 q4, r2\n"                   \
    "ldrd r1, r2, [r0, #32]\n"           \
    "vdup.32 q5, r1\n"                   \
    "vdup.32 q6, r2\n"                   \
    "ldrd r9, r1, [r0, #40]\n"           \
    "vdup.32 q7, r1\n"                   \
    "ldrd r5, r6, [r0, #16]\n"           \
    "ldrd r7, r8, [r0, #24]\n"           \
    "ldrd r10, r11, [r0, #48]\n"         \
    "ldr r12, [r0, #64]\n"               \
    "ldrd r1, r2, [r0, #0]\n"            \
    "ldrd r3, r4, [r0, #8]\n"            \
    "wlstp.32 lr, r4, 2f\n"              \
    "1:\n"                               \
    "vldrb.s32 q0, [r1], #4\n"           \
    "vldrb.s32 q1, [r2], #4\n"           \
    "vsub.i32 q0, q0, r5\n"              \
    "vsub.i32 q1, q1, r6\n"              \
    combine                              \
    WK_MVE_SCALED("q0", "r9", "q7")      \
    "vqadd.s32 q0, q0, r10\n"            \
    "vmax.s32 q0, q0, q3\n"              \
    "vmin.s32 q0, q0, q4\n"              \
    "vstrb.32 q0, [r3], #4\n"            \
    "letp lr, 1b\n"                      \
    "2:\n"                               \
    "vpop {d8-d15}\n"                    \
    "pop {r4-r11, pc}\n"

static __attribute__((naked, noinline, unused)) void wk_mve_add_elements(
    __attribute__((unused)) const wk_mve_elements *elements) {
    __asm volatile(WK_MVE_ELEMENTS("vshl.i32 q0, q0, #20\n"
                                   "vshl.i32 q1, q1, #20\n"
                                   WK_MVE_SCALED("q0", "r7", "q5")
                                   WK_MVE_SCALED("q1", "r8", "q6")
                                   "vmla.s32 q0, q1, r11\n"));
}

static __attribute__((naked, noinline, unused)) void wk_mve_multiply_elements(
    __attribute__((unused)) const wk_mve_elements *elements) {
    __asm volatile(WK_MVE_ELEMENTS("vmul.i32 q0, q0, q1\n"
                                   "vshl.s32 q0, r12\n"));
}

/* Runs `compute` over pixels; an operand with a pixel stride of 0 is the same for all. */
static inline void wk_mve_elementwise(wk_mve_elements *elements, const wk_operand *left,
                                      const wk_operand *right, int32_t channels, int32_t pixels,
                                      void (*compute)(const wk_mve_elements *)) {
    if (left->pixel_stride == channels && right->pixel_stride == channels) {
        channels *= pixels; /* one long pixel */
        pixels = 1;
    }
    elements->count = channels;
    for (; pixels > 0; pixels--) {
        compute(elements);
        elements->left += left->pixel_stride;
        elements->right += right->pixel_stride;
        elements->output += channels;
    }
}

#endif
