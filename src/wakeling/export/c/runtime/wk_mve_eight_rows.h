/* One channel of a depthwise convolution with a kernel of up to 8x8, on cores with Helium.
 *
 * As wk_mve_channel.h, with eight rows: row y lies in byte (y - top) % 8 of every column. Sixteen
 * bytes are two columns of a window, and the weights of each column are turned to where the
 * window's rows lie.
 */
#ifndef WK_MVE_EIGHT_ROWS_H
#define WK_MVE_EIGHT_ROWS_H

#include "wk_mve.h"

/* The functions below read this structure by the offsets of its members, and change `doubled`,
 * `row`, `slot`, `rows`, `output` and `start`. */
typedef struct {
    uint16_t from[8];               /*   0: a channel of eight pixels */
    uint16_t to[8];                 /*  16: every eighth byte */
    uint8_t turned[16];             /*  32: eight bytes, and eight of the next column */
    uint32_t one_row[4];            /*  48: of four outputs of a row */
    int32_t low[4], high[4];        /*  64,  80 */
    uint16_t weights_from[8];       /*  96: of a column of the kernel */
    int8_t doubled[8][16];          /* 112: each column's weights, twice, filled up with zeros */
    const int8_t *weights;          /* 240 */
    int32_t bias, multiplier;       /* 244, 248 */
    int32_t right, left;            /* 252, 256: shifts, right <= 0, left >= 0 */
    int32_t zero_point, step;       /* 260, 264: `step` bytes to the fourth output behind */
    int32_t column_step;            /* 268: bytes from a window to the next */
    int32_t row, last;              /* 272, 276: the next row to load; the image's last one */
    int32_t row_bytes;              /* 280 */
    const int8_t *input;            /* 284 */
    int8_t *place;                  /* 288: of the image's first column */
    int32_t slot;                   /* 292: where the next row goes */
    int32_t columns, next;          /* 296, 300: of the image; `next` bytes to the eighth pixel */
    int32_t input_zero_point;       /* 304 */
    int32_t rows;                   /* 308: of the output that are left */
    int8_t *output;                 /* 312 */
    const int8_t *kept;             /* 316: the rows */
    int32_t fours, rest;            /* 320, 324: columns of the output */
    int32_t output_row;             /* 328: bytes from one row of the output to the next */
    int32_t kernel_rows;            /* 332 */
    int32_t kernel_columns;         /* 336 */
    int32_t stride_rows;            /* 340 */
    int32_t start;                  /* 344: in which slot the window's first row lies */
} wk_mve_eight_rows;

/* Four windows: r1 to r1 + 3 * r12; each is vectors of data times those of weights. */
#define WK_MVE_WINDOW_1(sum)            \
    "vldrb.8 q0, [r1]\n"                \
    "vmladav.s8 " sum ", q0, q4\n"
#define WK_MVE_WINDOW_2(sum)            \
    WK_MVE_WINDOW_1(sum)                \
    "vldrb.8 q0, [r1, #16]\n"           \
    "vmladava.s8 " sum ", q0, q5\n"
#define WK_MVE_WINDOW_3(sum)            \
    WK_MVE_WINDOW_2(sum)                \
    "vldrb.8 q0, [r1, #32]\n"           \
    "vmladava.s8 " sum ", q0, q6\n"
#define WK_MVE_WINDOW_4(sum)            \
    WK_MVE_WINDOW_3(sum)                \
    "vldrb.8 q0, [r1, #48]\n"           \
    "vmladava.s8 " sum ", q0, q7\n"

/* Four outputs in q2; as WK_MVE_ROW_ANY, with all scalars in memory that do not fit. */
#define WK_MVE_FOUR_WINDOWS(window)     \
    window("r0")                        \
    "add r1, r1, r12\n"                 \
    window("r2")                        \
    "add r1, r1, r12\n"                 \
    window("r4")                        \
    "add r1, r1, r12\n"                 \
    window("r6")                        \
    "add r1, r1, r12\n"                 \
    "vmov q2[2], q2[0], r0, r4\n"       \
    "ldr r0, [r10, #256]\n"             \
    "vmov q2[3], q2[1], r2, r6\n"       \
    "vadd.i32 q2, q2, r5\n"             \
    "vshl.s32 q2, r0\n"                 \
    "vqrdmulh.s32 q2, q2, r7\n"         \
    "vand q0, q2, q3\n"                 \
    "vshr.s32 q0, q0, #31\n"            \
    "vadd.i32 q2, q2, q0\n"             \
    "vrshl.s32 q2, r9\n"                \
    "vldrw.32 q0, [r10, #64]\n"         \
    "vqadd.s32 q2, q2, r11\n"           \
    "vmax.s32 q2, q2, q0\n"             \
    "vldrw.32 q0, [r10, #80]\n"         \
    "vmin.s32 q2, q2, q0\n"

#define WK_MVE_EIGHT_ROWS(window)       \
    "push {r4-r11, lr}\n"               \
    "vpush {d8-d15}\n"                  \
    "mov r10, r0\n"                     \
    /* the weights, column by column */ \
    "ldrd r1, r2, [r10, #332]\n"        \
    "ldr r0, [r10, #240]\n"             \
    "add r3, r10, #112\n"               \
    "vldrw.32 q1, [r10, #96]\n"         \
    "vctp.16 r1\n"                      \
    "mov r9, r1\n"                      \
    "dls lr, r2\n"                      \
    "1:\n"                              \
    "vpst\n"                            \
    "vldrbt.u16 q0, [r0, q1]\n"         \
    "adds r0, r0, #1\n"                 \
    "vstrb.16 q0, [r3], #8\n"           \
    "vstrb.16 q0, [r3], #8\n"           \
    "le lr, 1b\n"                       \
    /* the rows that are needed */      \
    "2:\n"                              \
    "bl 80f\n"                          \
    "subs r9, r9, #1\n"                 \
    "bne 2b\n"                          \
    /* a row of windows */              \
    "ldr r0, [r10, #344]\n"             \
    "ldr r2, [r10, #340]\n"             \
    "add r1, r10, #120\n"               \
    "vldrw.32 q1, [r10, #32]\n"         \
    "subs r1, r1, r0\n"                 \
    "add r0, r0, r2\n"                  \
    "and r0, r0, #7\n"                  \
    "str r0, [r10, #344]\n"             \
    "add r2, r1, #32\n"                 \
    "vldrb.u8 q4, [r1, q1]\n"           \
    "add r3, r1, #64\n"                 \
    "vldrb.u8 q5, [r2, q1]\n"           \
    "add r4, r1, #96\n"                 \
    "vldrb.u8 q6, [r3, q1]\n"           \
    "vldrb.u8 q7, [r4, q1]\n"           \
    "vldrw.32 q1, [r10, #48]\n"         \
    "ldrd r5, r7, [r10, #244]\n"        \
    "ldr r9, [r10, #252]\n"             \
    "ldrd r11, r8, [r10, #260]\n"       \
    "ldr r12, [r10, #268]\n"            \
    "ldrd r3, r1, [r10, #312]\n"        \
    "ldr r4, [r10, #320]\n"             \
    "vdup.32 q3, r9\n"                  \
    "wls lr, r4, 4f\n"                  \
    "3:\n"                              \
    WK_MVE_FOUR_WINDOWS(window)         \
    "vstrb.32 q2, [r3, q1]\n"           \
    "add r3, r3, r8\n"                  \
    "le lr, 3b\n"                       \
    "4:\n"                              \
    "ldr lr, [r10, #324]\n"             \
    "cmp lr, #0\n"                      \
    "beq 5f\n"                          \
    WK_MVE_FOUR_WINDOWS(window)         \
    "vctp.32 lr\n"                      \
    "vpst\n"                            \
    "vstrbt.32 q2, [r3, q1]\n"          \
    "5:\n"                              \
    "ldrd r0, r3, [r10, #308]\n"        \
    "ldr r2, [r10, #328]\n"             \
    "ldr r9, [r10, #340]\n"             \
    "add r3, r3, r2\n"                  \
    "subs r0, r0, #1\n"                 \
    "strd r0, r3, [r10, #308]\n"        \
    "bne 2b\n"                          \
    "vpop {d8-d15}\n"                   \
    "pop {r4-r11, pc}\n"                \
    /* loads a row; returns to r8 */    \
    "80:\n"                             \
    "mov r8, lr\n"                      \
    "ldrd r0, r2, [r10, #272]\n"        \
    "ldrd r6, r1, [r10, #280]\n"        \
    "ldrd r4, r5, [r10, #288]\n"        \
    "ldrd r3, r7, [r10, #296]\n"        \
    "add r4, r4, r5\n"                  \
    "adds r5, r5, #1\n"                 \
    "and r5, r5, #7\n"                  \
    "str r5, [r10, #292]\n"             \
    "adds r5, r0, #1\n"                 \
    "str r5, [r10, #272]\n"             \
    "vldrw.32 q3, [r10, #16]\n"         \
    "cmp r0, r2\n"                      \
    "bhi 83f\n"                         \
    "vldrw.32 q1, [r10, #0]\n"          \
    "mla r0, r0, r6, r1\n"              \
    "wlstp.16 lr, r3, 82f\n"            \
    "81:\n"                             \
    "vldrb.u16 q0, [r0, q1]\n"          \
    "vstrb.16 q0, [r4, q3]\n"           \
    "add r0, r0, r7\n"                  \
    "adds r4, r4, #64\n"                \
    "letp lr, 81b\n"                    \
    "82:\n"                             \
    "bx r8\n"                           \
    "83:\n"                             \
    "ldr r5, [r10, #304]\n"             \
    "vdup.16 q0, r5\n"                  \
    "wlstp.16 lr, r3, 85f\n"            \
    "84:\n"                             \
    "vstrb.16 q0, [r4, q3]\n"           \
    "adds r4, r4, #64\n"                \
    "letp lr, 84b\n"                    \
    "85:\n"                             \
    "bx r8\n"

#define WK_MVE_EIGHT_ROWS_FUNCTION(name, window)                                       \
    static __attribute__((naked, noinline)) void name(                                 \
        __attribute__((unused)) wk_mve_eight_rows *channel) {                          \
        __asm volatile(WK_MVE_EIGHT_ROWS(window));                                     \
    }

WK_MVE_EIGHT_ROWS_FUNCTION(wk_mve_two_columns, WK_MVE_WINDOW_1)
WK_MVE_EIGHT_ROWS_FUNCTION(wk_mve_four_columns, WK_MVE_WINDOW_2)
WK_MVE_EIGHT_ROWS_FUNCTION(wk_mve_six_columns, WK_MVE_WINDOW_3)
WK_MVE_EIGHT_ROWS_FUNCTION(wk_mve_eight_columns, WK_MVE_WINDOW_4)

#endif
