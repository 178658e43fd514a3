/* All filters over one window, on cores with DSP: for the pixels that threes leave over, and for
 * layers of which too little is known.
 */
#include "wk_dsp_filter.h"

WK_INLINE void filter(const wk_dsp_requantization *to, const int32_t *stream,
                      const wk_pair *gathered, int32_t fours, int32_t outputs, int8_t *target,
                      int32_t is_packed, int32_t mode) {
    for (int32_t o = 0; o < outputs; o += 2) {
        wk_two sums = {stream[0], stream[1]};
        const wk_pair *from = gathered;
        stream += WK_BEFORE;
        for (int32_t k = 0; k < fours; k++, stream += 2, from += WK_FOUR_WORDS) {
            sums = wk_add_four(sums, stream, from[0], from[WK_PIXELS], is_packed);
        }
        wk_finish_two(sums, stream, to, target, o, outputs, is_packed, mode);
        stream += WK_BEHIND;
    }
}

void wk_dsp_one_packed(const wk_dsp_requantization *to, const int32_t *stream,
                       const wk_pair *gathered, int32_t fours, int32_t outputs, int8_t *target) {
    filter(to, stream, gathered, fours, outputs, target, 1, WK_CLAMPED);
}

void wk_dsp_one_plain(const wk_dsp_requantization *to, const int32_t *stream,
                      const wk_pair *gathered, int32_t fours, int32_t outputs, int8_t *target) {
    filter(to, stream, gathered, fours, outputs, target, 0, WK_GENERAL);
}
