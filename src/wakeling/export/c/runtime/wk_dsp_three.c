/* The inner loop of convolutions on cores with DSP: three windows, two outputs, in assembly.
 *
 * It takes every register: r0 the windows, r1 the stream, r2-r4 two inputs of three windows, r5 and
 * r6 four inputs' weights, r7-r9 the first output's sums, r10-r12 the second one's, lr where the
 * weights of the pair end. Compilers are left no choice, so that all of them give the same 17
 * instructions for 24 products.
 */
#include "wk_dsp_filter.h"

/* So that no line of a macro grows with the name of the model. */
typedef wk_filtering filtering_type;

#ifdef __ARM_FEATURE_DSP

/* Assembly takes the parameters from where they are passed. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define TWO_INPUTS(WORD) \
    "ldm r0!, {r2, r3, r4}\n\t" \
    "smlad r10, r2, " WORD ", r10\n\t" \
    "smlad r11, r3, " WORD ", r11\n\t" \
    "smlad r12, r4, " WORD ", r12\n\t" \
    "sxtb16 " WORD ", " WORD "\n\t" \
    "smlad r7, r2, " WORD ", r7\n\t" \
    "smlad r8, r3, " WORD ", r8\n\t" \
    "smlad r9, r4, " WORD ", r9\n\t"
#define FOUR_INPUTS "ldrd r5, r6, [r1], #8\n\t" TWO_INPUTS("r5") TWO_INPUTS("r6")

/* The stack from sp: three targets, where the loop is entered, the members of a wk_filtering. */
#define ENTRY "[sp, #12]"
#define END "[sp, #20]"
#define WINDOWS_AND_BYTES "[sp, #24]"
#define MIDDLE "[sp, #32]"
#define LIMITS "[sp, #36]"

/* One output of three windows: its doubled sums are in SUMS, its multiplier in FACTOR, its exponent
 * is the lowest byte of r4; r5 is twice the zero point + 1. */
#define SCALE_RELU(SUM, FACTOR) \
    "smmlar " SUM ", " SUM ", " FACTOR ", r6\n\t" \
    "asr " SUM ", " SUM ", r4\n\t"
#define SCALE_LINEAR(SUM, FACTOR) \
    "smmlar r0, " SUM ", " FACTOR ", r6\n\t" \
    "add " SUM ", r0, " SUM ", asr #31\n\t" \
    "asr " SUM ", " SUM ", r4\n\t"
#define OUTPUT(SCALE, A, B, C, FACTOR) \
    "lsl r6, r5, r4\n\t" \
    "asr r6, r6, #1\n\t" SCALE(A, FACTOR) SCALE(B, FACTOR) SCALE(C, FACTOR)

#define FIRST(SCALE) OUTPUT(SCALE, "r7", "r8", "r9", "r2")
#define SECOND(SCALE) "lsr r4, r4, #8\n\t" OUTPUT(SCALE, "r10", "r11", "r12", "r3")

#define SATURATE(VALUE) "ssat " VALUE ", #8, " VALUE "\n\t"
#define SATURATE_ALL \
    SATURATE("r7") SATURATE("r8") SATURATE("r9") SATURATE("r10") SATURATE("r11") SATURATE("r12")
#define CLAMP(VALUE) \
    "cmp " VALUE ", r2\n\t" \
    "it lt\n\t" \
    "movlt " VALUE ", r2\n\t" \
    "cmp " VALUE ", r3\n\t" \
    "it gt\n\t" \
    "movgt " VALUE ", r3\n\t"
#define CLAMP_ALL \
    "ldrd r2, r3, " LIMITS "\n\t" CLAMP("r7") CLAMP("r8") CLAMP("r9") CLAMP("r10") CLAMP("r11") \
        CLAMP("r12")

/* The loop over fours is unrolled four times and entered so that the rest comes first. Aligned, since
 * adr counts from an address that is rounded down to a multiple of four. */
#define FILTER(NAME, SCALE, CLAMP_THEM) \
    __attribute__((naked, aligned(4))) void NAME(int8_t *first, int8_t *second, int8_t *third, \
                                                 const filtering_type *filtering) { \
        __asm__("push {r4-r11, lr}\n\t" \
                "ldm r3, {r4-r10}\n\t" \
                "push {r4-r10}\n\t" \
                "push {r0-r3}\n\t" \
                "mov r1, r4\n\t" \
                "ands r2, r7, #24\n\t" \
                "adr.w r3, 4f\n\t" \
                "beq 5f\n\t" \
                "adr.w r3, 1f\n\t" \
                "cmp r2, #16\n\t" \
                "blt 5f\n\t" \
                "adr.w r3, 2f\n\t" \
                "beq 5f\n\t" \
                "adr.w r3, 3f\n" \
                "5:\n\t" \
                "orr r3, r3, #1\n\t" \
                "str r3, " ENTRY "\n" \
                "6:\n\t" \
                "ldrd r7, r10, [r1], #8\n\t" \
                "ldrd r0, lr, " WINDOWS_AND_BYTES "\n\t" \
                "mov r8, r7\n\t" \
                "mov r9, r7\n\t" \
                "mov r11, r10\n\t" \
                "mov r12, r10\n\t" \
                "add lr, lr, r1\n\t" \
                "ldr pc, " ENTRY "\n" \
                "4:\n\t" FOUR_INPUTS "3:\n\t" FOUR_INPUTS "2:\n\t" FOUR_INPUTS \
                "1:\n\t" FOUR_INPUTS "cmp r1, lr\n\t" \
                "bne 4b\n\t" \
                "ldm r1!, {r2, r3, r4}\n\t" \
                "ldr r5, " MIDDLE "\n\t" \
                "sub r10, r10, r7\n\t" \
                "sub r11, r11, r8\n\t" \
                "sub r12, r12, r9\n\t" \
                "lsl r7, r7, #1\n\t" \
                "lsl r8, r8, #1\n\t" \
                "lsl r9, r9, #1\n\t" \
                "asr r10, r10, #7\n\t" \
                "asr r11, r11, #7\n\t" \
                "asr r12, r12, #7\n\t" FIRST(SCALE) SECOND(SCALE) CLAMP_THEM \
                "ldm sp, {r0, r2, r3}\n\t" \
                "strb r7, [r0], #1\n\t" \
                "strb r10, [r0], #1\n\t" \
                "strb r8, [r2], #1\n\t" \
                "strb r11, [r2], #1\n\t" \
                "strb r9, [r3], #1\n\t" \
                "strb r12, [r3], #1\n\t" \
                "stm sp, {r0, r2, r3}\n\t" \
                "ldr r4, " END "\n\t" \
                "cmp r1, r4\n\t" \
                "bne 6b\n\t" \
                "add sp, sp, #44\n\t" \
                "pop {r4-r11, pc}"); \
    }

FILTER(wk_dsp_three_relu, SCALE_RELU, SATURATE_ALL)
FILTER(wk_dsp_three_linear, SCALE_LINEAR, SATURATE_ALL)
FILTER(wk_dsp_three_clamped, SCALE_LINEAR, CLAMP_ALL)

__attribute__((naked)) wk_pair *wk_dsp_expand_three(wk_pair *to, const int8_t *first,
                                                    const int8_t *second, const int8_t *third,
                                                    int32_t fours) {
    __asm__("push {r4-r9}\n\t"
            "ldr r12, [sp, #24]\n\t"
            "cmp r12, #0\n\t"
            "beq 2f\n"
            "1:\n\t"
            "ldr r7, [r1], #4\n\t"
            "ldr r8, [r2], #4\n\t"
            "ldr r9, [r3], #4\n\t"
            "sxtb16 r4, r7\n\t"
            "sxtb16 r5, r8\n\t"
            "sxtb16 r6, r9\n\t"
            "sxtb16 r7, r7, ror #8\n\t"
            "sxtb16 r8, r8, ror #8\n\t"
            "sxtb16 r9, r9, ror #8\n\t"
            "subs r12, r12, #1\n\t"
            "stm r0!, {r4-r9}\n\t"
            "bne 1b\n"
            "2:\n\t"
            "pop {r4-r9}\n\t"
            "bx lr");
}

#else

wk_pair *wk_dsp_expand_three(wk_pair *to, const int8_t *first, const int8_t *second,
                             const int8_t *third, int32_t fours) {
    const int8_t *const from[] = {first, second, third};
    for (int32_t k = 0; k < fours; k++, to += WK_FOUR_WORDS) {
        for (int32_t p = 0; p < WK_PIXELS; p++) {
            to[p] = wk_even_bytes(wk_four(from[p] + 4 * k));
            to[WK_PIXELS + p] = wk_odd_bytes(wk_four(from[p] + 4 * k));
        }
    }
    return to;
}

/* The filters in C. */
WK_INLINE void filter(int8_t *target, const wk_pair *gathered, const wk_filtering *filtering,
                      int32_t mode) {
    const wk_dsp_requantization to = {(filtering->middle - 1) / 2, filtering->low, filtering->high};
    for (const int32_t *stream = filtering->stream; stream != filtering->end; target += 2) {
        wk_two sums = {stream[0], stream[1]};
        const wk_pair *from = gathered;
        stream += WK_BEFORE;
        for (int32_t k = 0; k < filtering->weight_bytes;
             k += 8, stream += 2, from += WK_FOUR_WORDS) {
            sums = wk_add_four(sums, stream, from[0], from[WK_PIXELS], 1);
        }
        wk_finish_two(sums, stream, &to, target, 0, 2, 1, mode);
        stream += WK_BEHIND;
    }
}

#define FILTER(NAME, MODE) \
    void NAME(int8_t *first, int8_t *second, int8_t *third, const filtering_type *filtering) { \
        filter(first, filtering->gathered, filtering, MODE); \
        filter(second, filtering->gathered + 1, filtering, MODE); \
        filter(third, filtering->gathered + 2, filtering, MODE); \
    }

FILTER(wk_dsp_three_relu, WK_RELU)
FILTER(wk_dsp_three_linear, WK_LINEAR)
FILTER(wk_dsp_three_clamped, WK_CLAMPED)

#endif
