/* From a camera's frame to the model's input: crop, resize, gray, all in integers.
 *
 * It computes what the training photos went through, bit for bit: Pillow's bilinear resize, which
 * averages where it shrinks. Rows may come one by one, as a DMA delivers them, and only a few resized
 * rows are kept.
 */
#ifndef WK_CAMERA_H
#define WK_CAMERA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One axis of the resize. Output i is made of count[i] pixels from first[i] on; their weights, over
 * 2^22, are at weights[start[i]] and behind it. */
typedef struct {
    const uint16_t *first;
    const uint16_t *count;
    const uint16_t *start;
    const uint32_t *weights;
} wk_camera_axis;

/* Makes the values of pixels first ... first + count - 1 of a camera's row. */
typedef void (*wk_camera_unpack)(const uint8_t *row, int32_t first, int32_t count, uint8_t *values);

/* What is known at compile time. `planes` is the number of values a pixel while it is resized: 1 or 3.
 * `unpack` is NULL where a row holds them as they are needed. `flip` is 0x80 for an int8 input
 * (pixel - 128), 0 for uint8. With `down_first`, columns are resized before rows. */
typedef struct {
    int32_t bytes_per_pixel, planes;
    int32_t left, top, columns, rows; /* the part of the frame that is used */
    int32_t height, width, channels;  /* of the input */
    int32_t ring;                     /* rows that are kept */
    int32_t down_first;
    uint8_t flip;
    wk_camera_unpack unpack;
    wk_camera_axis across, down;
} wk_camera_layout;

/* A frame on its way. The buffers are parts of one memory, see wk_camera_start. */
typedef struct {
    const wk_camera_layout *layout;
    uint8_t *input;
    uint8_t *kept;    /* ring rows */
    uint8_t *row;     /* one row, unpacked or made of the ring */
    uint8_t *resized; /* one row of the input's width; used with down_first only */
    int32_t arrived;  /* rows of this frame so far */
    int32_t made;     /* rows of the input so far */
} wk_camera_t;

/* Frames will go to `input`. `memory` has room for the ring, a row and, with down_first, a resized row;
 * how much that is, the model's own header says. */
void wk_camera_start(wk_camera_t *camera, const wk_camera_layout *layout, void *input, void *memory);

/* The next frame begins with the next row. */
void wk_camera_begin(wk_camera_t *camera);

/* Takes the next row of the frame, whole, though only a part of it may be used. Returns 1 as soon as the
 * input is complete (rows that follow are not needed, and ignored), else 0. */
int wk_camera_row(wk_camera_t *camera, const uint8_t *row);

/* Takes a whole frame whose rows are `stride` bytes apart. */
void wk_camera_frame(wk_camera_t *camera, const uint8_t *frame, size_t stride);

void wk_unpack_rgb565(const uint8_t *row, int32_t first, int32_t count, uint8_t *values);
void wk_unpack_rgb565be(const uint8_t *row, int32_t first, int32_t count, uint8_t *values);
void wk_unpack_yuyv(const uint8_t *row, int32_t first, int32_t count, uint8_t *values);
void wk_unpack_uyvy(const uint8_t *row, int32_t first, int32_t count, uint8_t *values);
void wk_unpack_yuyv_gray(const uint8_t *row, int32_t first, int32_t count, uint8_t *values);
void wk_unpack_uyvy_gray(const uint8_t *row, int32_t first, int32_t count, uint8_t *values);

#ifdef __cplusplus
}
#endif

#endif
