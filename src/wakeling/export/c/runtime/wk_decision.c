#include "wk_decision.h"

#define WK_LEVEL(score) ((uint32_t)((score) + 256) << 16)

void wk_decision_start(wk_decision_t *decision, const wk_decision_rule *rule) {
    decision->rule = rule;
    decision->level = 0;
    decision->sum = 0;
    decision->count = 0;
    decision->next = 0;
    decision->in_row = 0;
    decision->is_there = 0;
}

/* Whether the mean of the last frames is at least the threshold; nothing is divided. */
static int mean_reaches(const wk_decision_t *decision, int32_t threshold) {
    return decision->sum >= threshold * decision->count;
}

static void add_to_mean(wk_decision_t *decision, int32_t score) {
    if (decision->count == decision->rule->frames) {
        decision->sum -= decision->scores[decision->next];
    } else {
        decision->count++;
    }
    decision->sum += score;
    decision->scores[decision->next] = (int16_t)score;
    decision->next = decision->next + 1 == decision->rule->frames ? 0 : decision->next + 1;
}

/* Scores below the level leave it less than 2^shift above them, in steps of 2^-16: it never sticks. */
static void move_level(wk_decision_t *decision, int32_t score) {
    const int32_t shift = decision->rule->shift;
    if (decision->count == 0) {
        decision->count = 1;
        decision->level = WK_LEVEL(score);
    } else {
        decision->level = decision->level - (decision->level >> shift) + (WK_LEVEL(score) >> shift);
    }
}

int wk_decision_step(wk_decision_t *decision, int32_t score) {
    const wk_decision_rule *const rule = decision->rule;
    const int32_t threshold = decision->is_there ? rule->off : rule->on;
    int reaches;
    if (rule->frames > 0) {
        add_to_mean(decision, score);
        reaches = mean_reaches(decision, threshold);
    } else {
        move_level(decision, score);
        reaches = decision->level >= WK_LEVEL(threshold);
    }
    if (reaches == decision->is_there) {
        decision->in_row = 0;
        return WK_NOTHING;
    }
    decision->in_row++;
    if (decision->in_row < (decision->is_there ? rule->frames_off : rule->frames_on)) {
        return WK_NOTHING;
    }
    decision->in_row = 0;
    decision->is_there = reaches;
    return reaches ? WK_APPEARED : WK_DISAPPEARED;
}
