/* A row or two of one channel of a 3x3 depthwise convolution, on cores with Helium.
 *
 * The channel's rows lie transposed: each column is four bytes, one row behind the other. Sixteen bytes
 * from any column on are a 4x4 patch of the image, and a window is a vector of weights with zeros.
 */
#ifndef WK_MVE_DEPTHWISE_ROWS_H
#define WK_MVE_DEPTHWISE_ROWS_H

#include "wk_mve.h"

/* What is the same for all rows of a channel. The functions below read this structure by the offsets of
 * its members. `weights` are those of the windows one column to the right (1), one row below (2), both
 * (3). `offsets` are those of eight outputs: two rows of four columns, column by column. */
typedef struct {
    int8_t weights[4][16];              /*   0 */
    uint16_t offsets[8];                /*  64 */
    int32_t bias, multiplier;           /*  80,  84 */
    int32_t right, left;                /*  88,  92: shifts, right <= 0, left >= 0 */
    int32_t zero_point, step;           /*  96, 100: `step` bytes from an output to the fourth behind */
    int32_t low, high;                  /* 104, 108 */
    uint32_t single_offsets[4];         /* 112: of four outputs of a row */
} wk_mve_channel;

/* Sums of four columns of two rows: q2 and q3. */
#define WK_MVE_SUM_PAIR                \
    "vldrb.8 q0, [r1], #8\n"           \
    "vmladav.s8 r2, q0, q4\n"          \
    "vmladav.s8 r4, q0, q5\n"          \
    "vmladav.s8 r6, q0, q6\n"          \
    "vmladav.s8 r8, q0, q7\n"          \
    "vldrb.8 q0, [r1], #8\n"           \
    "vmladav.s8 r10, q0, q4\n"         \
    "vmov q2[2], q2[0], r2, r10\n"     \
    "vmladav.s8 r10, q0, q5\n"         \
    "vmov q2[3], q2[1], r4, r10\n"     \
    "vmladav.s8 r10, q0, q6\n"         \
    "vmov q3[2], q3[0], r6, r10\n"     \
    "vmladav.s8 r10, q0, q7\n"         \
    "vmov q3[3], q3[1], r8, r10\n"     \
    "vadd.i32 q2, q2, r5\n"            \
    "vadd.i32 q3, q3, r5\n"            \
    "vqrdmulh.s32 q2, q2, r7\n"        \
    "vqrdmulh.s32 q3, q3, r7\n"        \
    "vrshl.s32 q2, r9\n"               \
    "vrshl.s32 q3, r9\n"               \
    "vqmovnb.s32 q2, q2\n"             \
    "vqmovnt.s32 q2, q3\n"             \
    "vqadd.s16 q2, q2, r11\n"          \
    "vqmovnb.s16 q2, q2\n"

/* `columns` columns of two rows, of sums that are requantized plainly to -128..127. */
static __attribute__((naked, noinline)) void wk_mve_two_rows(
    __attribute__((unused)) const wk_mve_channel *channel,
    __attribute__((unused)) const int8_t *rows, __attribute__((unused)) int8_t *to,
    __attribute__((unused)) int32_t columns) {
    __asm volatile(
        "push {r4-r11, lr}\n"
        "vpush {d8-d15}\n"
        "vldrw.32 q4, [r0]\n"
        "vldrw.32 q5, [r0, #16]\n"
        "vldrw.32 q6, [r0, #32]\n"
        "vldrw.32 q7, [r0, #48]\n"
        "vldrw.32 q1, [r0, #64]\n"
        "ldrd r5, r7, [r0, #80]\n"
        "ldr r9, [r0, #88]\n"
        "ldrd r11, r12, [r0, #96]\n"
        "mov r0, r2\n"
        "push {r3, r4}\n"
        "lsrs r3, r3, #2\n"
        "beq 2f\n"
        "dls lr, r3\n"
        "1:\n"
        WK_MVE_SUM_PAIR
        "vstrb.16 q2, [r0, q1]\n"
        "add r0, r0, r12\n"
        "le lr, 1b\n"
        "2:\n"
        "pop {r3, r4}\n"
        "ands r3, r3, #3\n"
        "beq 3f\n"
        WK_MVE_SUM_PAIR
        "lsl r3, r3, #1\n"
        "vctp.16 r3\n"
        "vpst\n"
        "vstrbt.16 q2, [r0, q1]\n"
        "3:\n"
        "vpop {d8-d15}\n"
        "pop {r4-r11, pc}\n");
}

/* Sums of four columns of one row. */
#define WK_MVE_SUM_ROW(stride)             \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r2, q0, q4\n"              \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r4, q0, q4\n"              \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r6, q0, q4\n"              \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r8, q0, q4\n"              \
    "vmov q2[2], q2[0], r2, r6\n"          \
    "vmov q2[3], q2[1], r4, r8\n"          \
    "vadd.i32 q2, q2, r5\n"

#define WK_MVE_ROW_PLAIN                   \
    "vqrdmulh.s32 q2, q2, r7\n"            \
    "vrshl.s32 q2, r9\n"                   \
    "vqadd.s32 q2, q2, r11\n"

/* Shifted left before, where the shift is positive (r10); halves away from zero: one is taken off what
 * is negative, unless the shift to the right (q3) is zero. */
#define WK_MVE_ROW_ANY                     \
    "vshl.s32 q2, r10\n"                   \
    "vqrdmulh.s32 q2, q2, r7\n"            \
    "vand q0, q2, q3\n"                    \
    "vshr.s32 q0, q0, #31\n"               \
    "vadd.i32 q2, q2, q0\n"                \
    "vrshl.s32 q2, r9\n"                   \
    "vqadd.s32 q2, q2, r11\n"

#define WK_MVE_ONE_ROW(stride, scale)      \
    "push {r4-r11, lr}\n"                  \
    "vpush {d8-d15}\n"                     \
    "vldrw.32 q4, [r0]\n"                  \
    "vldrw.32 q1, [r0, #112]\n"            \
    "ldrd r5, r7, [r0, #80]\n"             \
    "ldrd r9, r10, [r0, #88]\n"            \
    "ldrd r11, r12, [r0, #96]\n"           \
    "vdup.32 q3, r9\n"                     \
    "ldrd r4, r6, [r0, #104]\n"            \
    "vdup.32 q5, r4\n"                     \
    "vdup.32 q6, r6\n"                     \
    "mov r0, r2\n"                         \
    "push {r3, r4}\n"                      \
    "lsrs r3, r3, #2\n"                    \
    "beq 2f\n"                             \
    "dls lr, r3\n"                         \
    "1:\n"                                 \
    WK_MVE_SUM_ROW(stride)                 \
    scale                                  \
    "vmax.s32 q2, q2, q5\n"                \
    "vmin.s32 q2, q2, q6\n"                \
    "vstrb.32 q2, [r0, q1]\n"              \
    "add r0, r0, r12\n"                    \
    "le lr, 1b\n"                          \
    "2:\n"                                 \
    "pop {r3, r4}\n"                       \
    "ands r3, r3, #3\n"                    \
    "beq 3f\n"                             \
    WK_MVE_SUM_ROW(stride)                 \
    scale                                  \
    "vmax.s32 q2, q2, q5\n"                \
    "vmin.s32 q2, q2, q6\n"                \
    "vctp.32 r3\n"                         \
    "vpst\n"                               \
    "vstrbt.32 q2, [r0, q1]\n"             \
    "3:\n"                                 \
    "vpop {d8-d15}\n"                      \
    "pop {r4-r11, pc}\n"

#define WK_MVE_ONE_ROW_FUNCTION(name, stride, scale)                                                 \
    static __attribute__((naked, noinline)) void name(                                               \
        __attribute__((unused)) const wk_mve_channel *channel,                                       \
        __attribute__((unused)) const int8_t *rows, __attribute__((unused)) int8_t *to,              \
        __attribute__((unused)) int32_t columns) {                                                   \
        __asm volatile(WK_MVE_ONE_ROW(stride, scale));                                               \
    }

WK_MVE_ONE_ROW_FUNCTION(wk_mve_row_plain, "4", WK_MVE_ROW_PLAIN)
WK_MVE_ONE_ROW_FUNCTION(wk_mve_row_any, "4", WK_MVE_ROW_ANY)
WK_MVE_ONE_ROW_FUNCTION(wk_mve_row_plain_by_two, "8", WK_MVE_ROW_PLAIN)
WK_MVE_ONE_ROW_FUNCTION(wk_mve_row_any_by_two, "8", WK_MVE_ROW_ANY)

#endif
