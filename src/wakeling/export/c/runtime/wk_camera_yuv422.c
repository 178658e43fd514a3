#include "wk_camera.h"

/* Two pixels share four bytes and one pair of color differences: ITU-R 601, full range as in JPEG. */

static uint8_t clipped(int32_t sum) {
    return (uint8_t)(sum < 0 ? 0 : sum > 0xffffff ? 255 : sum >> 16);
}

static void unpack(const uint8_t *row, int32_t luma, int32_t first, int32_t count, uint8_t *values) {
    for (int32_t x = first; x < first + count; x++) {
        const uint8_t *const pair = row + x / 2 * 4;
        const int32_t gray = (int32_t)pair[luma + x % 2 * 2] * 65536 + 32768;
        const int32_t blue = pair[1 - luma] - 128, red = pair[3 - luma] - 128;
        *values++ = clipped(gray + 91881 * red);
        *values++ = clipped(gray - 22554 * blue - 46802 * red);
        *values++ = clipped(gray + 116130 * blue);
    }
}

static void unpack_gray(const uint8_t *luma, int32_t count, uint8_t *values) {
    while (count-- > 0) {
        *values++ = *luma;
        luma += 2;
    }
}

void wk_unpack_yuyv(const uint8_t *row, int32_t first, int32_t count, uint8_t *values) {
    unpack(row, 0, first, count, values);
}

void wk_unpack_uyvy(const uint8_t *row, int32_t first, int32_t count, uint8_t *values) {
    unpack(row, 1, first, count, values);
}

void wk_unpack_yuyv_gray(const uint8_t *row, int32_t first, int32_t count, uint8_t *values) {
    unpack_gray(row + 2 * first, count, values);
}

void wk_unpack_uyvy_gray(const uint8_t *row, int32_t first, int32_t count, uint8_t *values) {
    unpack_gray(row + 2 * first + 1, count, values);
}
