/* Walking over several axes without divisions. */
#ifndef WK_AXES_H
#define WK_AXES_H

#include "wk_kernels.h"

/* A place on axes: its index on each, and its offset in memory. */
typedef struct {
    int32_t at[WK_MOST_AXES];
    int32_t offset;
} wk_place;

/* How many places there are; 1 without axes. */
static inline int32_t wk_places(const wk_axes *axes) {
    int32_t places = 1;
    for (int32_t axis = 0; axis < axes->count; axis++) {
        places *= axes->sizes[axis];
    }
    return places;
}

/* From one place to the next; behind the last comes the first. */
static inline void wk_next(const wk_axes *axes, wk_place *place) {
    for (int32_t axis = axes->count - 1; axis >= 0; axis--) {
        place->offset += axes->strides[axis];
        if (++place->at[axis] < axes->sizes[axis]) {
            return;
        }
        place->offset -= axes->sizes[axis] * axes->strides[axis];
        place->at[axis] = 0;
    }
}

#endif
