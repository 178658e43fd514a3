/* Steps of a convolution's inner loop on cores with Helium: eight sums of four outputs at two
 * pixels.
 *
 * The sums are in the even registers, those of the first pixel in r0 to r6, those of the second one
 * in r8 to lr. r1 reads the stream, r9 and r11 the windows.
 */
#ifndef WK_MVE_MULTIPLY_H
#define WK_MVE_MULTIPLY_H

/* Sixteen inputs of two windows, times four vectors of weights at r1. */
#define WK_MVE_MULTIPLY(multiply, first, second, even, odd)  \
    "vldrb.8 " even ", [r1], #16\n"    \
    multiply " r0, " first ", " even "\n"   \
    multiply " r8, " second ", " even "\n"  \
    "vldrb.8 " odd ", [r1], #16\n"     \
    multiply " r2, " first ", " odd "\n"    \
    multiply " r10, " second ", " odd "\n"  \
    "vldrb.8 " even ", [r1], #16\n"    \
    multiply " r4, " first ", " even "\n"   \
    multiply " r12, " second ", " even "\n" \
    "vldrb.8 " odd ", [r1], #16\n"     \
    multiply " r6, " first ", " odd "\n"    \
    multiply " lr, " second ", " odd "\n"

#define WK_MVE_STEP(multiply)          \
    "vldrb.8 q0, [r9], #16\n"          \
    "vldrb.8 q1, [r11], #16\n"         \
    WK_MVE_MULTIPLY(multiply, "q0", "q1", "q2", "q3")

/* Fewer inputs, r7 of them; the windows are filled up with zeros. */
#define WK_MVE_REST                    \
    "vldrb.8 q0, [r9], #16\n"          \
    "vldrb.8 q1, [r11], #16\n"         \
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

/* The sums as two vectors, with biases. */
#define WK_MVE_SUMS(first, second, spare)        \
    "vmov " first "[2], " first "[0], r0, r4\n"      \
    "vmov " first "[3], " first "[1], r2, r6\n"      \
    "vmov " second "[2], " second "[0], r8, r12\n"   \
    "vmov " second "[3], " second "[1], r10, lr\n"   \
    "vldrw.32 " spare ", [r1], #16\n"                \
    "vadd.i32 " first ", " first ", " spare "\n"     \
    "vadd.i32 " second ", " second ", " spare "\n"

/* Sums times multipliers, shifted right, halves up. */
#define WK_MVE_SCALE_PLAIN(first, second, spare, shifts) \
    "vldrb.s32 " shifts ", [r1], #4\n"                  \
    "vldrw.32 " spare ", [r1], #16\n"                   \
    "vqrdmulh.s32 " first ", " first ", " spare "\n"    \
    "vqrdmulh.s32 " second ", " second ", " spare "\n"  \
    "vrshl.s32 " first ", " first ", " shifts "\n"      \
    "vrshl.s32 " second ", " second ", " shifts "\n"

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

#endif
