#include "wk_camera.h"

#include <string.h>

#define WK_HALF (UINT32_C(1) << 21)
#define WK_WEIGHT_BITS 22

/* Weights of one output add up to 2^22, give or take one a weight, so that no sum leaves 32 bits and none
 * rounds to more than 255. */
static uint8_t rounded(uint32_t sum) {
    return (uint8_t)(sum >> WK_WEIGHT_BITS);
}

/* Values of a row while it is resized, and behind it. */
static int32_t kept_values(const wk_camera_layout *layout) {
    return (layout->down_first ? layout->columns : layout->width) * layout->planes;
}

/* Resizes a row from `from` to `to`, which is `width` pixels long. */
static void resize_across(const wk_camera_axis *axis, int32_t width, int32_t planes, const uint8_t *from,
                          uint8_t *to) {
    for (int32_t x = 0; x < width; x++) {
        const uint8_t *value = from + (int32_t)axis->first[x] * planes;
        const uint32_t *weight = axis->weights + axis->start[x];
        const uint32_t *const end = weight + axis->count[x];
        uint32_t first = WK_HALF, second = WK_HALF, third = WK_HALF;
        if (planes == 1) {
            while (weight < end) {
                first += *value++ * *weight++;
            }
        } else {
            while (weight < end) {
                first += value[0] * *weight;
                second += value[1] * *weight;
                third += value[2] * *weight;
                value += 3;
                weight++;
            }
            to[1] = rounded(second);
            to[2] = rounded(third);
        }
        to[0] = rounded(first);
        to += planes;
    }
}

/* One row of the input out of the ring: where its first pixels are kept, and their weights. */
typedef struct {
    const uint8_t *first, *end; /* end: behind the ring */
    const uint32_t *weights;
    int32_t count, row_bytes, ring_bytes;
} column;

static const uint8_t *next_row(const column *column, const uint8_t *value) {
    value += column->row_bytes;
    return value < column->end ? value : value - column->ring_bytes;
}

static uint8_t value_at(const column *column, int32_t i) {
    const uint8_t *value = column->first + i;
    uint32_t sum = WK_HALF;
    for (int32_t tap = 0; tap < column->count; tap++) {
        sum += *value * column->weights[tap];
        value = next_row(column, value);
    }
    return rounded(sum);
}

/* Four values side by side: a weight is loaded once for all of them. */
static void four_values_at(const column *column, int32_t i, uint8_t *to) {
    const uint8_t *value = column->first + i;
    uint32_t a = WK_HALF, b = WK_HALF, c = WK_HALF, d = WK_HALF;
    for (int32_t tap = 0; tap < column->count; tap++) {
        const uint32_t weight = column->weights[tap];
        a += value[0] * weight;
        b += value[1] * weight;
        c += value[2] * weight;
        d += value[3] * weight;
        value = next_row(column, value);
    }
    to[0] = rounded(a);
    to[1] = rounded(b);
    to[2] = rounded(c);
    to[3] = rounded(d);
}

/* Makes row y of the input out of the ring. */
static void resize_down(const wk_camera_t *camera, int32_t y, uint8_t *to) {
    const wk_camera_layout *const layout = camera->layout;
    const wk_camera_axis *const axis = &layout->down;
    const int32_t values = kept_values(layout), ring_bytes = layout->ring * values;
    const column made = {
        .first = camera->kept + axis->first[y] % layout->ring * values,
        .end = camera->kept + ring_bytes,
        .weights = axis->weights + axis->start[y],
        .count = axis->count[y],
        .row_bytes = values,
        .ring_bytes = ring_bytes,
    };
    int32_t i = 0;
    for (; i + 4 <= values; i += 4) {
        four_values_at(&made, i, to + i);
    }
    for (; i < values; i++) {
        to[i] = value_at(&made, i);
    }
}

/* Resized values as the input's: gray of colors, gray repeated, and pixel - 128 where it is int8. */
static void finish(const wk_camera_layout *layout, const uint8_t *from, uint8_t *to) {
    const uint8_t flip = layout->flip;
    if (layout->planes == layout->channels) {
        for (int32_t i = 0; i < layout->width * layout->channels; i++) {
            to[i] = from[i] ^ flip;
        }
        return;
    }
    for (int32_t x = 0; x < layout->width; x++) {
        if (layout->channels == 1) {
            const uint32_t sum = from[0] * UINT32_C(19595) + from[1] * UINT32_C(38470) +
                                 from[2] * UINT32_C(7471) + UINT32_C(32768);
            *to++ = (uint8_t)(sum >> 16) ^ flip;
            from += 3;
        } else {
            const uint8_t value = *from++ ^ flip;
            *to++ = value;
            *to++ = value;
            *to++ = value;
        }
    }
}

/* Puts a row of the crop, the `place`-th, where it belongs in the ring. */
static void keep(const wk_camera_t *camera, const uint8_t *row, int32_t place) {
    const wk_camera_layout *const layout = camera->layout;
    const int32_t values = kept_values(layout);
    uint8_t *const kept = camera->kept + place % layout->ring * values;
    const uint8_t *plain = row + layout->left * layout->bytes_per_pixel;
    if (layout->unpack != NULL) {
        uint8_t *const to = layout->down_first ? kept : camera->row;
        layout->unpack(row, layout->left, layout->columns, to);
        plain = to;
    } else if (layout->down_first) {
        memcpy(kept, plain, (size_t)values);
    }
    if (!layout->down_first) {
        resize_across(&layout->across, layout->width, layout->planes, plain, kept);
    }
}

void wk_camera_start(wk_camera_t *camera, const wk_camera_layout *layout, void *input, void *memory) {
    camera->layout = layout;
    camera->input = input;
    camera->kept = memory;
    camera->row = camera->kept + layout->ring * kept_values(layout);
    camera->resized = camera->row + kept_values(layout);
    wk_camera_begin(camera);
}

void wk_camera_begin(wk_camera_t *camera) {
    camera->arrived = 0;
    camera->made = 0;
}

int wk_camera_row(wk_camera_t *camera, const uint8_t *row) {
    const wk_camera_layout *const layout = camera->layout;
    const int32_t place = camera->arrived - layout->top;
    if (camera->made == layout->height) {
        return 1;
    }
    camera->arrived++;
    if (place < 0) {
        return 0;
    }
    keep(camera, row, place);
    while (camera->made < layout->height &&
           layout->down.first[camera->made] + layout->down.count[camera->made] <= place + 1) {
        const uint8_t *values = camera->row;
        resize_down(camera, camera->made, camera->row);
        if (layout->down_first) {
            resize_across(&layout->across, layout->width, layout->planes, camera->row, camera->resized);
            values = camera->resized;
        }
        finish(layout, values, camera->input + camera->made * layout->width * layout->channels);
        camera->made++;
    }
    return camera->made == layout->height;
}

void wk_camera_frame(wk_camera_t *camera, const uint8_t *frame, size_t stride) {
    wk_camera_begin(camera);
    while (!wk_camera_row(camera, frame)) {
        frame += stride;
    }
}
