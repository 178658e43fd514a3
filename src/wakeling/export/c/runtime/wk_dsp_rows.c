/* The inner loops of 3x3 depthwise convolutions on cores with DSP, in assembly: they take every
 * register.
 *
 * r0 the rows, r1 the output, r2-r4 two pixels of three rows, r5-r10 the weights, r11 and r12 two
 * outputs, lr the end.
 */
#include "wk_dsp_rows.h"

/* So that no line of a macro grows with the name of the model. */
typedef wk_pair pair_type;
typedef wk_row row_type;

#ifdef __ARM_FEATURE_DSP

/* Assembly takes the parameters from where they are passed. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define ONE(OPERATION, SUM, PIXELS, WEIGHTS) \
    OPERATION " " SUM ", " PIXELS ", " WEIGHTS ", " SUM "\n\t"
#define THREE(OPERATION, SUM, A, B, C) \
    ONE(OPERATION, SUM, "r2", A) ONE(OPERATION, SUM, "r3", B) ONE(OPERATION, SUM, "r4", C)
#define EARLY(OPERATION, SUM) THREE(OPERATION, SUM, "r5", "r7", "r9")
#define LATE(OPERATION, SUM) THREE(OPERATION, SUM, "r6", "r8", "r10")
#define NEXT_PIXELS "ldm r0!, {r2, r3, r4}\n\t"
#define LAST_PIXELS "ldm r0, {r2, r3, r4}\n\t"

/* Windows that start at pixels 0 and 1: a b c of four pixels p q r s are (p q)(a b) + r c, q a +
 * (r s)(b c). Those that start at pixels 0 and 2: (p q)(a b) + r c, (r s)(a b) + t c. */
#define STRIDE_1 \
    NEXT_PIXELS EARLY("smlad", "r11") EARLY("smlatb", "r12") LAST_PIXELS LATE("smlabt", "r11") \
        LATE("smlad", "r12")
#define STRIDE_2 \
    NEXT_PIXELS EARLY("smlad", "r11") NEXT_PIXELS LATE("smlabt", "r11") EARLY("smlad", "r12") \
        LAST_PIXELS LATE("smlabt", "r12")

#define SCALE_RELU \
    "smmlar r11, r11, r2, r3\n\t" \
    "smmlar r12, r12, r2, r3\n\t"
#define SCALE_LINEAR \
    "smmlar r4, r11, r2, r3\n\t" \
    "add r11, r4, r11, asr #31\n\t" \
    "smmlar r4, r12, r2, r3\n\t" \
    "add r12, r4, r12, asr #31\n\t"

/* The stack from sp: the members of a wk_row but for `bytes`. For an output that is left over, the
 * step is set to zero: the second output of the pair is stored first, and the first one over it. */
#define ROW(NAME, STRIDE, SCALE) \
    __attribute__((naked)) void NAME(const pair_type *rows, const row_type *row, int8_t *output, \
                                     const pair_type *weights) { \
        __asm__("push {r4-r11, lr}\n\t" \
                "ldm r1, {r4-r10}\n\t" \
                "push {r4-r9}\n\t" \
                "add lr, r0, r10\n\t" \
                "ldm r3, {r5-r10}\n\t" \
                "mov r1, r2\n\t" \
                "cmp r0, lr\n\t" \
                "beq 2f\n" \
                "1:\n\t" \
                "ldr r11, [sp]\n\t" \
                "mov r12, r11\n\t" STRIDE "ldrd r2, r3, [sp, #4]\n\t" SCALE \
                "ldrd r2, r3, [sp, #12]\n\t" \
                "asr r11, r11, r2\n\t" \
                "asr r12, r12, r2\n\t" \
                "ssat r11, #8, r11\n\t" \
                "ssat r12, #8, r12\n\t" \
                "strb r12, [r1, r3]\n\t" \
                "strb r11, [r1]\n\t" \
                "add r1, r1, r3, lsl #1\n\t" \
                "cmp r0, lr\n\t" \
                "bne 1b\n" \
                "2:\n\t" \
                "ldr r2, [sp, #20]\n\t" \
                "cbz r2, 3f\n\t" \
                "add lr, lr, r2\n\t" \
                "movs r2, #0\n\t" \
                "str r2, [sp, #16]\n\t" \
                "str r2, [sp, #20]\n\t" \
                "b 1b\n" \
                "3:\n\t" \
                "add sp, sp, #24\n\t" \
                "pop {r4-r11, pc}"); \
    }

ROW(wk_dsp_row_relu_1, STRIDE_1, SCALE_RELU)
ROW(wk_dsp_row_linear_1, STRIDE_1, SCALE_LINEAR)
ROW(wk_dsp_row_relu_2, STRIDE_2, SCALE_RELU)
ROW(wk_dsp_row_linear_2, STRIDE_2, SCALE_LINEAR)

/* Bytes of both channels of two pixels are one word: its even bytes are the first channel's. */
#define STORE_PAIR(PAIR, OTHER) \
    "pkhbt " PAIR ", " PAIR ", " OTHER ", lsl #16\n\t" \
    "sxtb16 " OTHER ", " PAIR "\n\t" \
    "sxtb16 " PAIR ", " PAIR ", ror #8\n\t" \
    "str " OTHER ", [r0], #12\n\t" \
    "str " PAIR ", [r12], #12\n\t"

/* r0 and r12 the slots, r1 the image, r2 its step, lr three of them, r3 pairs; r7 `trail`, r6
 * `lead`. */
__attribute__((naked)) void wk_dsp_load_row(wk_pair *slot, const int8_t *from,
                                            const wk_span *span) {
    __asm__("push {r4-r8, lr}\n\t"
            "ldm r2, {r2, r3, r6, r7, r12}\n\t"
            "mov r8, r7\n\t"
            "add r12, r12, r0\n\t"
            "cbz r6, 1f\n\t"
            "ldrsb r4, [r1]\n\t"
            "ldrsb r5, [r1, #1]\n\t"
            "add r1, r1, r2\n\t"
            "strh r4, [r0, #2]\n\t"
            "strh r5, [r12, #2]\n\t"
            "adds r0, r0, #12\n\t"
            "add r12, r12, #12\n"
            "1:\n\t"
            "add lr, r2, r2, lsl #1\n\t"
            "subs r3, r3, #2\n\t"
            "blt 3f\n"
            "2:\n\t"
            "ldrh r4, [r1]\n\t"
            "ldrh r5, [r1, r2]\n\t"
            "ldrh r6, [r1, r2, lsl #1]\n\t"
            "ldrh r7, [r1, lr]\n\t"
            "add r1, r1, r2, lsl #2\n\t" STORE_PAIR("r4", "r5")
                STORE_PAIR("r6", "r7") "subs r3, r3, #2\n\t"
                                       "bge 2b\n"
                                       "3:\n\t"
                                       "adds r3, r3, #1\n\t"
                                       "bne 4f\n\t"
                                       "ldrh r4, [r1]\n\t"
                                       "ldrh r5, [r1, r2]\n\t"
                                       "add r1, r1, r2, lsl #1\n\t" STORE_PAIR(
                                           "r4", "r5") "4:\n\t"
                                                       "cmp r8, #0\n\t"
                                                       "beq 5f\n\t"
                                                       "ldrsb r4, [r1]\n\t"
                                                       "ldrsb r5, [r1, #1]\n\t"
                                                       "strh r4, [r0]\n\t"
                                                       "strh r5, [r12]\n"
                                                       "5:\n\t"
                                                       "pop {r4-r8, pc}");
}

#else

/* The same in C. */
WK_INLINE void row_of(const wk_pair *rows, const wk_row *row, int8_t *output,
                      const wk_pair *weights, int32_t stride, int32_t mode) {
    const int32_t end = row->bytes + row->odd;
    for (int32_t done = 0; done < end; done += 4 * WK_SLOTS * stride, output += 2 * row->step) {
        for (int32_t j = done < row->bytes; j >= 0; j--) {
            int32_t twice = row->twice_bias;
            for (int32_t k = 0; k < 3; k++) {
                const int32_t x = j * stride + k;
                for (int32_t s = 0; s < WK_SLOTS; s++) {
                    const uint32_t pixels = rows[done / 4 + x / 2 * WK_SLOTS + s];
                    const uint32_t pair = weights[2 * s + k / 2];
                    twice = wk_multiply_add(x % 2 == 0 ? wk_low_half(pixels) : wk_high_half(pixels),
                                            k == 0 ? wk_low_half(pair) : wk_high_half(pair), twice);
                }
            }
            const int32_t scaled = wk_scale(twice, row->multiplier, row->offset);
            output[j * row->step] = (int8_t)wk_saturate(
                (scaled + (mode == WK_LINEAR ? twice >> 31 : 0)) >> row->exponent);
        }
    }
}

#define ROW(NAME, STRIDE, MODE) \
    void NAME(const pair_type *rows, const row_type *row, int8_t *output, \
              const pair_type *weights) { \
        row_of(rows, row, output, weights, STRIDE, MODE); \
    }

ROW(wk_dsp_row_relu_1, 1, WK_RELU)
ROW(wk_dsp_row_linear_1, 1, WK_LINEAR)
ROW(wk_dsp_row_relu_2, 2, WK_RELU)
ROW(wk_dsp_row_linear_2, 2, WK_LINEAR)

void wk_dsp_load_row(wk_pair *slot, const int8_t *from, const wk_span *span) {
    wk_pair *other = slot + span->plane / 4;
    if (span->lead) {
        *slot = wk_as_pair(wk_low_half(*slot), from[0]);
        *other = wk_as_pair(wk_low_half(*other), from[1]);
        from += span->step;
        slot += WK_SLOTS;
        other += WK_SLOTS;
    }
    for (int32_t k = 0; k < span->pairs;
         k++, from += 2 * span->step, slot += WK_SLOTS, other += WK_SLOTS) {
        *slot = wk_as_pair(from[0], from[span->step]);
        *other = wk_as_pair(from[1], from[span->step + 1]);
    }
    if (span->trail) {
        *slot = wk_as_pair(from[0], wk_high_half(*slot));
        *other = wk_as_pair(from[1], wk_high_half(*other));
    }
}

#endif
