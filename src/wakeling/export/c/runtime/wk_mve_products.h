/* All outputs of a convolution at two pixels, on cores with Helium. */
#ifndef WK_MVE_PRODUCTS_H
#define WK_MVE_PRODUCTS_H

#include "wk_mve.h"

/* Two windows, gathered; where their outputs go; and the layer. The functions below read this structure
 * by the offsets of its members. */
typedef struct {
    const int32_t *stream;         /*  0 */
    const int8_t *first, *second;  /*  4,  8 */
    int8_t *to_first, *to_second;  /* 12, 16 */
    int32_t steps, rest;           /* 20, 24 */
    int32_t outputs;               /* 28 */
    int32_t zero_point, low, high; /* 32, 36, 40 */
} wk_mve_products;

/* Sixteen inputs: both windows' in q0 and q1 times four vectors of weights. */
#define WK_MVE_STEP(multiply)          \
    "vldrb.8 q0, [r9], #16\n"          \
    "vldrb.8 q1, [r11], #16\n"          \
    "vldrb.8 q2, [r1], #16\n"          \
    multiply " r0, q0, q2\n"           \
    multiply " r8, q1, q2\n"           \
    "vldrb.8 q3, [r1], #16\n"          \
    multiply " r2, q0, q3\n"           \
    multiply " r10, q1, q3\n"          \
    "vldrb.8 q2, [r1], #16\n"          \
    multiply " r4, q0, q2\n"           \
    multiply " r12, q1, q2\n"          \
    "vldrb.8 q3, [r1], #16\n"          \
    multiply " r6, q0, q3\n"           \
    multiply " lr, q1, q3\n"

/* Fewer inputs, r7 of them; the windows are filled with zeros. */
#define WK_MVE_REST                    \
    "vldrb.8 q0, [r9], #16\n"          \
    "vldrb.8 q1, [r11], #16\n"          \
    "vldrb.8 q2, [r1]\n"               \
    "add r1, r1, r7\n"                 \
    "vmladava.s8 r0, q0, q2\n"         \
    "vmladava.s8 r8, q1, q2\n"         \
    "vldrb.8 q3, [r1]\n"               \
    "add r1, r1, r7\n"                 \
    "vmladava.s8 r2, q0, q3\n"         \
    "vmladava.s8 r10, q1, q3\n"        \
    "vldrb.8 q2, [r1]\n"               \
    "add r1, r1, r7\n"                 \
    "vmladava.s8 r4, q0, q2\n"         \
    "vmladava.s8 r12, q1, q2\n"        \
    "vldrb.8 q3, [r1]\n"               \
    "add r1, r1, r7\n"                 \
    "vmladava.s8 r6, q0, q3\n"         \
    "vmladava.s8 lr, q1, q3\n"

/* Sums times multipliers, shifted right, halves up. */
#define WK_MVE_SCALE_PLAIN             \
    "vldrb.s32 q3, [r1], #4\n"         \
    "vldrw.32 q2, [r1], #16\n"         \
    "vqrdmulh.s32 q0, q0, q2\n"        \
    "vqrdmulh.s32 q1, q1, q2\n"        \
    "vrshl.s32 q0, q0, q3\n"           \
    "vrshl.s32 q1, q1, q3\n"

/* Shifted left before, where a shift is positive; halves away from zero: one is taken off what is
 * negative, unless it is not shifted. */
#define WK_MVE_SCALE_ANY               \
    "vldrb.s32 q3, [r1], #4\n"         \
    "vmov.i32 q7, #0\n"                \
    "vmax.s32 q2, q3, q7\n"            \
    "vmin.s32 q3, q3, q7\n"            \
    "vshl.s32 q0, q0, q2\n"            \
    "vshl.s32 q1, q1, q2\n"            \
    "vldrw.32 q2, [r1], #16\n"         \
    "vqrdmulh.s32 q0, q0, q2\n"        \
    "vqrdmulh.s32 q1, q1, q2\n"        \
    "vand q2, q0, q3\n"                \
    "vand q7, q1, q3\n"                \
    "vshr.s32 q2, q2, #31\n"           \
    "vshr.s32 q7, q7, #31\n"           \
    "vadd.i32 q0, q0, q2\n"            \
    "vadd.i32 q1, q1, q7\n"            \
    "vrshl.s32 q0, q0, q3\n"           \
    "vrshl.s32 q1, q1, q3\n"

/* Eight sums at a time, of four outputs at both pixels, in the even registers: those that a vector
 * product can add to. Memory is read by the odd ones. */
#define WK_MVE_PRODUCTS(scale)                                               \
    "push {r3-r11, lr}\n"                                                    \
    "vpush {d8-d15}\n"                                                       \
    "ldr r2, [r0, #32]\n"                                                    \
    "ldrd r4, r6, [r0, #36]\n"                                               \
    "vdup.32 q4, r2\n"                                                       \
    "vdup.32 q5, r4\n"                                                       \
    "vdup.32 q6, r6\n"                                                       \
    "ldrd r1, r9, [r0]\n"                                                    \
    "ldrd r11, r3, [r0, #8]\n"                                                \
    "ldrd r5, r2, [r0, #16]\n"                                              \
    "ldrd r4, r6, [r0, #24]\n"                                               \
    "add r8, r3, r6\n"                                                       \
    "sub r8, r8, #4\n"          /* where the last four outputs go */         \
    "lsl r10, r2, #4\n"         /* bytes of a window */                      \
    "cmp r4, #0\n"                                                           \
    "it ne\n"                                                                \
    "addne r10, r10, #16\n"                                                  \
    "sub r2, r2, #1\n"                                                       \
    "push {r2, r4, r8, r10}\n"                                               \
    "1:\n"                                                                   \
    "ldr r7, [sp, #0]\n"                                                     \
    WK_MVE_STEP("vmladav.s8")                                                \
    "lsrs r7, r7, #1\n"                                                      \
    "bcc 2f\n"                                                               \
    WK_MVE_STEP("vmladava.s8")                                               \
    "2:\n"                      /* flags are those of the shift */           \
    "beq 4f\n"                                                               \
    "3:\n"                                                                   \
    WK_MVE_STEP("vmladava.s8")                                               \
    WK_MVE_STEP("vmladava.s8")                                               \
    "subs r7, r7, #1\n"                                                      \
    "bne 3b\n"                                                               \
    "4:\n"                                                                   \
    "ldr r7, [sp, #4]\n"                                                     \
    "cbz r7, 5f\n"                                                           \
    WK_MVE_REST                                                              \
    "5:\n"                                                                   \
    "vmov q0[2], q0[0], r0, r4\n"                                            \
    "vmov q0[3], q0[1], r2, r6\n"                                            \
    "vmov q1[2], q1[0], r8, r12\n"                                           \
    "vmov q1[3], q1[1], r10, lr\n"                                           \
    "vldrw.32 q2, [r1], #16\n"                                               \
    "vadd.i32 q0, q0, q2\n"                                                  \
    "vadd.i32 q1, q1, q2\n"                                                  \
    scale                                                                    \
    "ldrd r0, r2, [sp, #8]\n"                                                \
    "sub r9, r9, r2\n"                                                       \
    "sub r11, r11, r2\n"                                                       \
    "vqadd.s32 q0, q0, q4\n"                                                 \
    "vqadd.s32 q1, q1, q4\n"                                                 \
    "vmax.s32 q0, q0, q5\n"                                                  \
    "vmax.s32 q1, q1, q5\n"                                                  \
    "vmin.s32 q0, q0, q6\n"                                                  \
    "vmin.s32 q1, q1, q6\n"                                                  \
    "cmp r3, r0\n"                                                           \
    "bhi 6f\n"                                                               \
    "vstrb.32 q0, [r3], #4\n"                                                \
    "vstrb.32 q1, [r5], #4\n"                                               \
    "bne 1b\n"                                                               \
    "b 7f\n"                                                                 \
    "6:\n"                      /* fewer than four outputs are left */       \
    "add r0, r0, #4\n"                                                       \
    "sub r0, r0, r3\n"                                                       \
    "vctp.32 r0\n"                                                           \
    "vpstt\n"                                                                \
    "vstrbt.32 q0, [r3]\n"                                                   \
    "vstrbt.32 q1, [r5]\n"                                                  \
    "7:\n"                                                                   \
    "add sp, sp, #16\n"                                                      \
    "vpop {d8-d15}\n"                                                        \
    "pop {r3-r11, pc}\n"

static __attribute__((naked, noinline)) void wk_mve_products_plain(
    __attribute__((unused)) const wk_mve_products *products) {
    __asm volatile(WK_MVE_PRODUCTS(WK_MVE_SCALE_PLAIN));
}

static __attribute__((naked, noinline)) void wk_mve_products_any(
    __attribute__((unused)) const wk_mve_products *products) {
    __asm volatile(WK_MVE_PRODUCTS(WK_MVE_SCALE_ANY));
}

#endif
