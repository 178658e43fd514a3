/* One channel of a 3x3 depthwise convolution, from top to bottom, on cores with Helium.
 *
 * Four rows of the image are kept, transposed: each column is four bytes, and row y lies in byte (y
 * - top) % 4 of every column, so that sixteen bytes from any column on are a 4x4 patch of the
 * image. A window is such a patch times weights with zeros. Two rows at a time take the place of
 * two others; the halves of the weights are swapped then.
 */
#ifndef WK_MVE_CHANNEL_H
#define WK_MVE_CHANNEL_H

#include "wk_mve.h"
#include "wk_mve_load_rows.h"

/* The functions below read this structure by the offsets of its members, and change `row`, `rows`,
 * `place` and `output`. */
typedef struct {
    uint8_t order[16];              /*   0: where the weights of a window's column are */
    uint16_t to[8];                 /*  16: every fourth byte */
    uint16_t from[8];               /*  32: a channel of eight pixels */
    uint16_t two_rows[8];           /*  48: of eight outputs: four columns of two rows */
    uint32_t one_row[4];            /*  64: of four outputs of a row */
    const int8_t *weights;          /*  80: nine */
    int32_t bias, multiplier;       /*  84,  88 */
    int32_t right, left;            /*  92,  96: shifts, right <= 0, left >= 0 */
    int32_t zero_point, step;       /* 100, 104: `step` bytes to the fourth output behind */
    int32_t low, high;              /* 108, 112 */
    int32_t row, last;              /* 116, 120: the next row to load; the image's last one */
    int32_t row_bytes;              /* 124 */
    const int8_t *input;            /* 128 */
    int8_t *place;                  /* 132: where the next rows go */
    int32_t columns, next;          /* 136, 140: of the image; `next` bytes to the eighth pixel */
    uint32_t zero_points;           /* 144: of the input, two bytes */
    int32_t rows;                   /* 148: of the output that are left */
    int8_t *output;                 /* 152 */
    const int8_t *kept;             /* 156: the rows */
    int32_t fours, rest;            /* 160, 164: columns of the output */
    int32_t output_row;             /* 168: bytes from one row of the output to the next */
} wk_mve_channel;

#define WK_MVE_CHANNEL_WEIGHTS             \
    "ldr r1, [r10, #80]\n"                 \
    "vldrb.8 q1, [r10, #0]\n"              \
    "movw r2, #0x0777\n"                   \
    "vmsr p0, r2\n"                        \
    "vpst\n"                               \
    "vldrbt.u8 q4, [r1, q1]\n"

/* Four columns of two rows: sums, requantized plainly, saturated to -128..127. */
#define WK_MVE_TWO_ROWS                    \
    "vldrb.8 q0, [r1], #8\n"               \
    "vmladav.s8 r2, q0, q4\n"              \
    "vmladav.s8 r4, q0, q5\n"              \
    "vmladav.s8 r6, q0, q6\n"              \
    "vmladav.s8 r8, q0, q7\n"              \
    "vldrb.8 q0, [r1], #8\n"               \
    "vmladav.s8 r0, q0, q4\n"              \
    "vmov q2[2], q2[0], r2, r0\n"          \
    "vmladav.s8 r0, q0, q5\n"              \
    "vmov q2[3], q2[1], r4, r0\n"          \
    "vmladav.s8 r0, q0, q6\n"              \
    "vmov q3[2], q3[0], r6, r0\n"          \
    "vmladav.s8 r0, q0, q7\n"              \
    "vmov q3[3], q3[1], r8, r0\n"          \
    "vadd.i32 q2, q2, r5\n"                \
    "vadd.i32 q3, q3, r5\n"                \
    "vqrdmulh.s32 q2, q2, r7\n"            \
    "vqrdmulh.s32 q3, q3, r7\n"            \
    "vrshl.s32 q2, r9\n"                   \
    "vrshl.s32 q3, r9\n"                   \
    "vqmovnb.s32 q2, q2\n"                 \
    "vqmovnt.s32 q2, q3\n"                 \
    "vqadd.s16 q2, q2, r11\n"              \
    "vqmovnb.s16 q2, q2\n"

/* Stride 1, requantized plainly to -128..127. */
static __attribute__((naked, noinline)) void wk_mve_channel_in_pairs(
    __attribute__((unused)) wk_mve_channel *channel) {
    __asm volatile(
        "push {r4-r11, lr}\n"
        "vpush {d8-d15}\n"
        "mov r10, r0\n"
        WK_MVE_CHANNEL_WEIGHTS
        "vmov q5, q4\n"
        "movs r2, #0\n"
        "vshlc q5, r2, #32\n"       /* of the windows one column to the right, */
        "vshl.i32 q6, q4, #8\n"     /* one row below, */
        "vshl.i32 q7, q5, #8\n"     /* and both */
        "ldrd r5, r7, [r10, #84]\n"
        "ldr r9, [r10, #92]\n"
        "ldrd r11, r12, [r10, #100]\n"
        "bl 80f\n"
        "1:\n"
        "bl 80f\n"
        "ldrd r0, r3, [r10, #148]\n"
        "movw r2, #0xffff\n"
        "cmp r0, #1\n"
        "it eq\n"
        "moveq r2, #0x33333333\n"   /* just the first of two rows */
        "ldrd r1, r4, [r10, #156]\n"
        "vldrw.32 q1, [r10, #48]\n"
        "vmsr p0, r2\n"
        "wls lr, r4, 3f\n"
        "2:\n"
        WK_MVE_TWO_ROWS
        "vpst\n"
        "vstrbt.16 q2, [r3, q1]\n"
        "add r3, r3, r12\n"
        "le lr, 2b\n"
        "3:\n"
        "ldr r4, [r10, #164]\n"
        "cmp r4, #0\n"
        "beq 4f\n"
        "vmrs r2, p0\n"
        "mov lr, r2\n"
        WK_MVE_TWO_ROWS
        "ldr r4, [r10, #164]\n"
        "lsls r4, r4, #1\n"
        "vctp.16 r4\n"
        "vmrs r4, p0\n"
        "and r4, r4, lr\n"
        "vmsr p0, r4\n"
        "vpst\n"
        "vstrbt.16 q2, [r3, q1]\n"
        "4:\n"
        "ldrd r0, r3, [r10, #148]\n"
        "ldr r2, [r10, #168]\n"
        "add r3, r3, r2, lsl #1\n"
        "subs r0, r0, #2\n"
        "strd r0, r3, [r10, #148]\n"
        "vrev32.16 q4, q4\n"
        "vrev32.16 q5, q5\n"
        "vrev32.16 q6, q6\n"
        "vrev32.16 q7, q7\n"
        "bgt 1b\n"
        "vpop {d8-d15}\n"
        "pop {r4-r11, pc}\n"
        WK_MVE_LOAD_ROWS);
}

/* Four columns of one row. */
#define WK_MVE_ONE_ROW(stride, weights)    \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r0, q0, " weights "\n"     \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r2, q0, " weights "\n"     \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r4, q0, " weights "\n"     \
    "vldrb.8 q0, [r1], #" stride "\n"      \
    "vmladav.s8 r6, q0, " weights "\n"     \
    "vmov q2[2], q2[0], r0, r4\n"          \
    "vmov q2[3], q2[1], r2, r6\n"          \
    "vadd.i32 q2, q2, r5\n"

#define WK_MVE_ROW_PLAIN                   \
    "vqrdmulh.s32 q2, q2, r7\n"            \
    "vrshl.s32 q2, r9\n"

/* Shifted left before, where the shift is positive; halves away from zero: one is taken off what is
 * negative, unless the shift to the right (q3) is zero. */
#define WK_MVE_ROW_ANY                     \
    "vshl.s32 q2, r8\n"                    \
    "vqrdmulh.s32 q2, q2, r7\n"            \
    "vand q0, q2, q3\n"                    \
    "vshr.s32 q0, q0, #31\n"               \
    "vadd.i32 q2, q2, q0\n"                \
    "vrshl.s32 q2, r9\n"

#define WK_MVE_LIMITS                      \
    "vqadd.s32 q2, q2, r11\n"              \
    "vmax.s32 q2, q2, q6\n"                \
    "vmin.s32 q2, q2, q7\n"

/* All columns of a row; r3 is where the outputs go. */
#define WK_MVE_WHOLE_ROW(stride, scale, weights, first, second, third) \
    "ldrd r1, r4, [r10, #156]\n"           \
    "ldr r8, [r10, #96]\n"                 \
    "vldrw.32 q1, [r10, #64]\n"            \
    "vdup.32 q3, r9\n"                     \
    "wls lr, r4, " second "f\n"            \
    first ":\n"                            \
    WK_MVE_ONE_ROW(stride, weights)        \
    scale                                  \
    WK_MVE_LIMITS                          \
    "vstrb.32 q2, [r3, q1]\n"              \
    "add r3, r3, r12\n"                    \
    "le lr, " first "b\n"                  \
    second ":\n"                           \
    "ldr lr, [r10, #164]\n"                \
    "cmp lr, #0\n"                         \
    "beq " third "f\n"                     \
    WK_MVE_ONE_ROW(stride, weights)        \
    scale                                  \
    WK_MVE_LIMITS                          \
    "vctp.32 lr\n"                         \
    "vpst\n"                               \
    "vstrbt.32 q2, [r3, q1]\n"             \
    third ":\n"                            \
    "ldrd r0, r3, [r10, #148]\n"           \
    "ldr r2, [r10, #168]\n"                \
    "add r3, r3, r2\n"                     \
    "subs r0, r0, #1\n"                    \
    "strd r0, r3, [r10, #148]\n"

/* One row after the other; `second` is what is done for the second row that two loaded ones
 * give. */
#define WK_MVE_CHANNEL_IN_ROWS(first, second)  \
    "push {r4-r11, lr}\n"                  \
    "vpush {d8-d15}\n"                     \
    "mov r10, r0\n"                        \
    WK_MVE_CHANNEL_WEIGHTS                 \
    "vshl.i32 q5, q4, #8\n"                \
    "ldrd r0, r2, [r10, #108]\n"           \
    "vdup.32 q6, r0\n"                     \
    "vdup.32 q7, r2\n"                     \
    "ldrd r5, r7, [r10, #84]\n"            \
    "ldr r9, [r10, #92]\n"                 \
    "ldrd r11, r12, [r10, #100]\n"         \
    "bl 80f\n"                             \
    "1:\n"                                 \
    "bl 80f\n"                             \
    "ldr r3, [r10, #152]\n"                \
    first                                  \
    second                                 \
    "vrev32.16 q4, q4\n"                   \
    "vrev32.16 q5, q5\n"                   \
    "bgt 1b\n"                             \
    "9:\n"                                 \
    "vpop {d8-d15}\n"                      \
    "pop {r4-r11, pc}\n"                   \
    WK_MVE_LOAD_ROWS

static __attribute__((naked, noinline)) void wk_mve_channel_any(
    __attribute__((unused)) wk_mve_channel *channel) {
    __asm volatile(WK_MVE_CHANNEL_IN_ROWS(
        WK_MVE_WHOLE_ROW("4", WK_MVE_ROW_ANY, "q4", "2", "3", "4"),
        "ble 9f\n" WK_MVE_WHOLE_ROW("4", WK_MVE_ROW_ANY, "q5", "5", "6", "7")));
}

static __attribute__((naked, noinline)) void wk_mve_channel_by_two(
    __attribute__((unused)) wk_mve_channel *channel) {
    __asm volatile(
        WK_MVE_CHANNEL_IN_ROWS(WK_MVE_WHOLE_ROW("8", WK_MVE_ROW_PLAIN, "q4", "2", "3", "4"), ""));
}

static __attribute__((naked, noinline)) void wk_mve_channel_any_by_two(
    __attribute__((unused)) wk_mve_channel *channel) {
    __asm volatile(
        WK_MVE_CHANNEL_IN_ROWS(WK_MVE_WHOLE_ROW("8", WK_MVE_ROW_ANY, "q4", "2", "3", "4"), ""));
}

#endif
