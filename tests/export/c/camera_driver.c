/* Runs frames that come on stdin through wk_camera: layouts with their tables, then the frame's bytes.
 * Memory is allocated to the byte, so that a sanitizer sees every step outside. */
#include "wk_camera.h"

#include <stdio.h>
#include <stdlib.h>

static const wk_camera_unpack unpackers[] = {NULL,           wk_unpack_rgb565,    wk_unpack_rgb565be,
                                             wk_unpack_yuyv, wk_unpack_uyvy,      wk_unpack_yuyv_gray,
                                             wk_unpack_uyvy_gray};

static void *taken(size_t bytes) {
    void *const memory = malloc(bytes);
    if (memory == NULL || fread(memory, 1, bytes, stdin) != bytes) {
        exit(3);
    }
    return memory;
}

static wk_camera_axis axis_of(const int32_t *sizes) {
    wk_camera_axis axis;
    axis.first = taken((size_t)sizes[0] * sizeof(uint16_t));
    axis.count = taken((size_t)sizes[0] * sizeof(uint16_t));
    axis.start = taken((size_t)sizes[0] * sizeof(uint16_t));
    axis.weights = taken((size_t)sizes[1] * sizeof(uint32_t));
    return axis;
}

static void release(const wk_camera_axis *axis) {
    free((void *)(uintptr_t)axis->first);
    free((void *)(uintptr_t)axis->count);
    free((void *)(uintptr_t)axis->start);
    free((void *)(uintptr_t)axis->weights);
}

int main(void) {
    int32_t n[21];
    while (fread(n, sizeof n[0], 21, stdin) == 21) {
        wk_camera_layout layout = {n[0], n[1], n[2], n[3], n[4],  n[5],           n[6],
                                   n[7], n[8], n[9], n[10], (uint8_t)n[11], unpackers[n[12]], {0}, {0}};
        const size_t stride = (size_t)n[13], height = (size_t)n[14], bytes = (size_t)(n[6] * n[7] * n[8]);
        wk_camera_t camera;
        layout.across = axis_of(n + 16);
        layout.down = axis_of(n + 18);
        uint8_t *const frame = taken(stride * height);
        uint8_t *const memory = malloc((size_t)n[15]), *const input = malloc(bytes);
        wk_camera_start(&camera, &layout, input, memory);
        if (n[20]) {
            int done = 0;
            for (int round = 0; round < 2; round++) { /* a second frame needs nothing but begin */
                wk_camera_begin(&camera);
                for (size_t row = 0; row < height; row++) {
                    done = wk_camera_row(&camera, frame + row * stride);
                }
            }
            if (!done) {
                return 4;
            }
        } else {
            wk_camera_frame(&camera, frame, stride);
        }
        fwrite(input, 1, bytes, stdout);
        free(input);
        free(memory);
        free(frame);
        release(&layout.across);
        release(&layout.down);
    }
    return 0;
}
