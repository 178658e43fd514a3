/* All outputs of a convolution at two pixels, and at the next two, on cores with Helium.
 *
 * Eight sums at a time, of four outputs at both pixels, are in the even registers: those that a
 * vector product can add to. Memory is read by the odd ones.
 */
#ifndef WK_MVE_PRODUCTS_H
#define WK_MVE_PRODUCTS_H

#include "wk_mve.h"
#include "wk_mve_multiply.h"

/* Where windows and outputs are. The functions below read this structure by the offsets of its
 * members.
 *
 * Where `copied` is not 0, both windows are gathered first: so many bytes of each of `rows` rows,
 * which lie `row_bytes` apart in a ring of `ring_bytes` that ends at `end`, the first window's from
 * `from` on, the second one's `apart` bytes behind. All pointers but `stream` and `end` move on by
 * their steps, from two pixels to the next two. */
typedef struct {
    const int32_t *stream;                    /*  0 */
    int8_t *first, *second;                   /*  4,  8: windows */
    int8_t *to_first, *to_second;             /* 12, 16: outputs */
    int32_t steps, rest;                      /* 20, 24 */
    int32_t outputs;                          /* 28 */
    int32_t zero_point, low, high;            /* 32, 36, 40 */
    int32_t pairs;                            /* 44: how many times two pixels are computed */
    const int8_t *from;                       /* 48 */
    int32_t copied;                           /* 52 */
    int32_t window_step, from_step, to_step;  /* 56, 60, 64 */
    int32_t rows, row_bytes;                  /* 68, 72 */
    const int8_t *end;                        /* 76 */
    int32_t ring_bytes, apart;                /* 80, 84 */
} wk_mve_products;

/* The window at `to`: of each row, r4 bytes from r2 on; r8 rows, r12 bytes apart, in a ring of r7
 * bytes that ends at r5. */
#define WK_MVE_GATHER(to, row, copy, copied, end) \
    row ":\n"                                    \
    "mov r1, r2\n"                               \
    "mov r3, " to "\n"                           \
    "wlstp.8 lr, r4, " copied "f\n"              \
    copy ":\n"                                   \
    "vldrb.8 q0, [r1], #16\n"                    \
    "vstrb.8 q0, [r3], #16\n"                    \
    "letp lr, " copy "b\n"                       \
    copied ":\n"                                 \
    "subs r8, r8, #1\n"                          \
    "beq " end "f\n"                             \
    "add r2, r2, r12\n"                          \
    "cmp r2, r5\n"                               \
    "it hs\n"                                    \
    "subhs r2, r2, r7\n"                         \
    "add " to ", " to ", r4\n"                   \
    "b " row "b\n"

/* Two windows, r9 and r11, of the structure that r0 points to. */
#define WK_MVE_FETCH                             \
    "ldrd r9, r11, [r0, #4]\n"                   \
    "ldrd r2, r4, [r0, #48]\n"                   \
    "cmp r4, #0\n"                               \
    "beq 28f\n"                                  \
    "ldrd r8, r12, [r0, #68]\n"                  \
    "ldrd r5, r7, [r0, #76]\n"                   \
    "ldr r10, [r0, #84]\n"                       \
    "add r10, r10, r2\n"                         \
    WK_MVE_GATHER("r9", "20", "21", "22", "23")  \
    "23:\n"                                      \
    "ldr r8, [r0, #68]\n"                        \
    "mov r2, r10\n"                              \
    WK_MVE_GATHER("r11", "24", "25", "26", "27") \
    "27:\n"                                      \
    "ldrd r9, r11, [r0, #4]\n"                   \
    "28:\n"

/* On to the next two pixels; the flags say whether there are any. */
#define WK_MVE_ADVANCE                 \
    "ldrd r2, r4, [r0, #4]\n"          \
    "ldrd r6, r8, [r0, #56]\n"         \
    "add r2, r2, r6\n"                 \
    "add r4, r4, r6\n"                 \
    "strd r2, r4, [r0, #4]\n"          \
    "ldr r2, [r0, #48]\n"              \
    "add r2, r2, r8\n"                 \
    "str r2, [r0, #48]\n"              \
    "ldr r6, [r0, #64]\n"              \
    "ldrd r2, r4, [r0, #12]\n"         \
    "add r2, r2, r6\n"                 \
    "add r4, r4, r6\n"                 \
    "strd r2, r4, [r0, #12]\n"         \
    "ldr r2, [r0, #44]\n"              \
    "subs r2, r2, #1\n"                \
    "str r2, [r0, #44]\n"

/* Windows of any size. On the stack: steps - 1, rest, where the last four outputs go, bytes of a
 * window, the structure. */
#define WK_MVE_PRODUCTS(scale)                                               \
    "push {r4-r11, lr}\n"                                                    \
    "vpush {d8-d15}\n"                                                       \
    "sub sp, sp, #20\n"                                                      \
    "ldr r2, [r0, #32]\n"                                                    \
    "ldrd r4, r6, [r0, #36]\n"                                               \
    "vdup.32 q4, r2\n"                                                       \
    "vdup.32 q5, r4\n"                                                       \
    "vdup.32 q6, r6\n"                                                       \
    "ldrd r2, r4, [r0, #20]\n"                                               \
    "lsl r6, r2, #4\n"                                                       \
    "cmp r4, #0\n"                                                           \
    "it ne\n"                                                                \
    "addne r6, #16\n"                                                        \
    "subs r2, r2, #1\n"                                                      \
    "strd r2, r4, [sp, #0]\n"                                                \
    "strd r6, r0, [sp, #12]\n"                                               \
    "10:\n"                                                                  \
    WK_MVE_FETCH                                                             \
    "ldrd r3, r5, [r0, #12]\n"                                               \
    "ldr r2, [r0, #28]\n"                                                    \
    "ldr r1, [r0]\n"                                                         \
    "add r2, r2, r3\n"                                                       \
    "subs r2, r2, #4\n"                                                      \
    "str r2, [sp, #8]\n"                                                     \
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
    WK_MVE_SUMS("q0", "q1", "q2")                                            \
    scale                                                                    \
    "ldrd r0, r2, [sp, #8]\n"                                                \
    "sub r9, r9, r2\n"                                                       \
    "sub r11, r11, r2\n"                                                     \
    "vqadd.s32 q0, q0, q4\n"                                                 \
    "vqadd.s32 q1, q1, q4\n"                                                 \
    "vmax.s32 q0, q0, q5\n"                                                  \
    "vmax.s32 q1, q1, q5\n"                                                  \
    "vmin.s32 q0, q0, q6\n"                                                  \
    "vmin.s32 q1, q1, q6\n"                                                  \
    "cmp r3, r0\n"                                                           \
    "bhi 6f\n"                                                               \
    "vstrb.32 q0, [r3], #4\n"                                                \
    "vstrb.32 q1, [r5], #4\n"                                                \
    "bne 1b\n"                                                               \
    "b 7f\n"                                                                 \
    "6:\n"                      /* fewer than four outputs are left */       \
    "adds r0, r0, #4\n"                                                      \
    "subs r0, r0, r3\n"                                                      \
    "vctp.32 r0\n"                                                           \
    "vpstt\n"                                                                \
    "vstrbt.32 q0, [r3]\n"                                                   \
    "vstrbt.32 q1, [r5]\n"                                                   \
    "7:\n"                                                                   \
    "ldr r0, [sp, #16]\n"                                                    \
    WK_MVE_ADVANCE                                                           \
    "bne 10b\n"                                                              \
    "add sp, sp, #20\n"                                                      \
    "vpop {d8-d15}\n"                                                        \
    "pop {r4-r11, pc}\n"

static __attribute__((naked, noinline)) void wk_mve_products_plain(
    __attribute__((unused)) wk_mve_products *products) {
    __asm volatile(WK_MVE_PRODUCTS(WK_MVE_SCALE_PLAIN("q0", "q1", "q2", "q3")));
}

static __attribute__((naked, noinline)) void wk_mve_products_any(
    __attribute__((unused)) wk_mve_products *products) {
    __asm volatile(WK_MVE_PRODUCTS(WK_MVE_SCALE_ANY));
}

/* Windows that stay in registers, requantized plainly to -128..127. */
#define WK_MVE_SMALL_PRODUCTS(load, multiply)                                \
    "push {r4-r11, lr}\n"                                                    \
    "vpush {d8-d15}\n"                                                       \
    "10:\n"                                                                  \
    WK_MVE_FETCH                                                             \
    load                                                                     \
    "mov r11, r0\n"                                                          \
    "ldrd r3, r5, [r0, #12]\n"                                               \
    "ldrd r7, r9, [r0, #28]\n"                                               \
    "ldr r1, [r0]\n"                                                         \
    "add r7, r7, r3\n"                                                       \
    "subs r7, r7, #4\n"                                                      \
    "1:\n"                                                                   \
    multiply                                                                 \
    WK_MVE_SUMS("q4", "q5", "q6")                                            \
    WK_MVE_SCALE_PLAIN("q4", "q5", "q6", "q7")                               \
    "vqmovnb.s32 q4, q4\n"                                                   \
    "vqmovnt.s32 q4, q5\n"                                                   \
    "cmp r3, r7\n"                                                           \
    "vqadd.s16 q4, q4, r9\n"                                                 \
    "vqmovnb.s16 q4, q4\n"                                                   \
    "vshr.u32 q5, q4, #16\n"                                                 \
    "bhi 6f\n"                                                               \
    "vstrb.32 q4, [r3], #4\n"                                                \
    "vstrb.32 q5, [r5], #4\n"                                                \
    "bne 1b\n"                                                               \
    "b 7f\n"                                                                 \
    "6:\n"                                                                   \
    "adds r7, r7, #4\n"                                                      \
    "subs r7, r7, r3\n"                                                      \
    "vctp.32 r7\n"                                                           \
    "vpstt\n"                                                                \
    "vstrbt.32 q4, [r3]\n"                                                   \
    "vstrbt.32 q5, [r5]\n"                                                   \
    "7:\n"                                                                   \
    "mov r0, r11\n"                                                          \
    WK_MVE_ADVANCE                                                           \
    "bne 10b\n"                                                              \
    "vpop {d8-d15}\n"                                                        \
    "pop {r4-r11, pc}\n"

static __attribute__((naked, noinline)) void wk_mve_products_of_16(
    __attribute__((unused)) wk_mve_products *products) {
    __asm volatile(WK_MVE_SMALL_PRODUCTS("vldrb.8 q0, [r9]\n"
                                         "vldrb.8 q1, [r11]\n",
                                         WK_MVE_MULTIPLY("vmladav.s8", "q0", "q1", "q4", "q5")));
}

static __attribute__((naked, noinline)) void wk_mve_products_of_32(
    __attribute__((unused)) wk_mve_products *products) {
    __asm volatile(WK_MVE_SMALL_PRODUCTS("vldrb.8 q0, [r9]\n"
                                         "vldrb.8 q1, [r11]\n"
                                         "vldrb.8 q2, [r9, #16]\n"
                                         "vldrb.8 q3, [r11, #16]\n",
                                         WK_MVE_MULTIPLY("vmladav.s8", "q0", "q1", "q4", "q5")
                                         WK_MVE_MULTIPLY("vmladava.s8", "q2", "q3", "q4", "q5")));
}

#endif
