#include "wk_camera.h"

/* The top bits are repeated below, so that the largest value becomes 255. */
static void unpack(const uint8_t *low, const uint8_t *high, int32_t count, uint8_t *values) {
    while (count-- > 0) {
        const uint32_t pixel = (uint32_t)*high << 8 | *low;
        const uint32_t red = pixel >> 11, green = pixel >> 5 & 63u, blue = pixel & 31u;
        *values++ = (uint8_t)(red << 3 | red >> 2);
        *values++ = (uint8_t)(green << 2 | green >> 4);
        *values++ = (uint8_t)(blue << 3 | blue >> 2);
        low += 2;
        high += 2;
    }
}

void wk_unpack_rgb565(const uint8_t *row, int32_t first, int32_t count, uint8_t *values) {
    unpack(row + 2 * first, row + 2 * first + 1, count, values);
}

void wk_unpack_rgb565be(const uint8_t *row, int32_t first, int32_t count, uint8_t *values) {
    unpack(row + 2 * first + 1, row + 2 * first, count, values);
}
