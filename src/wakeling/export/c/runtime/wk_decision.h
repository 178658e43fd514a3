/* From the scores of frames to events: smoothing, a threshold with hysteresis, a number of frames.
 *
 * All in integers. A score is an output of the model, or how far it leads the best other one.
 */
#ifndef WK_DECISION_H
#define WK_DECISION_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest mean. */
#define WK_DECISION_MOST_FRAMES 32

/* What a frame can bring. */
enum { WK_NOTHING = 0, WK_APPEARED = 1, WK_DISAPPEARED = 2 };

/* With `frames` above 0, the mean of the scores of so many frames (fewer at the beginning) is compared;
 * with 0, the smoothed score moves by 1 / 2^shift of the way to each new one. It appears when that is at
 * least `on` for `frames_on` frames in a row, and disappears when it is below `off` for `frames_off`. */
typedef struct {
    int32_t on, off;
    int32_t frames, shift;
    int32_t frames_on, frames_off;
} wk_decision_rule;

typedef struct {
    const wk_decision_rule *rule;
    uint32_t level; /* the smoothed score, plus 256, times 2^16 */
    int32_t sum;    /* of the scores kept */
    int32_t count;  /* of frames, at most the longest mean */
    int32_t next;   /* where the next score is kept */
    int32_t in_row; /* frames that asked for a change */
    int32_t is_there;
    int16_t scores[WK_DECISION_MOST_FRAMES];
} wk_decision_t;

/* Begins with nothing there. */
void wk_decision_start(wk_decision_t *decision, const wk_decision_rule *rule);

/* Takes the score of the next frame, -255 to 255, and returns what it brings. */
int wk_decision_step(wk_decision_t *decision, int32_t score);

#ifdef __cplusplus
}
#endif

#endif
