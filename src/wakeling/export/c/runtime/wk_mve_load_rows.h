/* How a channel's rows come into scratch on cores with Helium: two at a time, transposed. r10
 * points to the wk_mve_channel.
 */
#ifndef WK_MVE_LOAD_ROWS_H
#define WK_MVE_LOAD_ROWS_H

/* Rows of the image, two at a time; returns to r8. Where one of them or both lie in the margin, the
 * other one is shifted to its place, or away. */
#define WK_MVE_LOAD_ROWS                   \
    "80:\n"                                \
    "mov r8, lr\n"                         \
    "ldrd r0, r2, [r10, #116]\n"           \
    "ldrd r6, r1, [r10, #124]\n"           \
    "ldrd r4, r3, [r10, #132]\n"           \
    "add lr, r0, #2\n"                     \
    "str lr, [r10, #116]\n"                \
    "eor lr, r4, #2\n"                     \
    "str lr, [r10, #132]\n"                \
    "vldrw.32 q1, [r10, #32]\n"            \
    "vldrw.32 q3, [r10, #16]\n"            \
    "cmp r0, r2\n"                         \
    "bhs 83f\n"                            \
    "mla r0, r0, r6, r1\n"                 \
    "add r2, r0, r6\n"                     \
    "ldr r6, [r10, #140]\n"                \
    "wlstp.16 lr, r3, 82f\n"               \
    "81:\n"                                \
    "vldrb.u16 q0, [r0, q1]\n"             \
    "vldrb.u16 q2, [r2, q1]\n"             \
    "vsli.16 q0, q2, #8\n"                 \
    "vstrh.16 q0, [r4, q3]\n"              \
    "add r0, r0, r6\n"                     \
    "add r2, r2, r6\n"                     \
    "adds r4, r4, #32\n"                   \
    "letp lr, 81b\n"                       \
    "82:\n"                                \
    "bx r8\n"                              \
    "83:\n"                                \
    "ldr lr, [r10, #144]\n"                \
    "beq 84f\n"                            \
    "cmn r0, #1\n"                         \
    "beq 85f\n"                            \
    "mov r0, r1\n"                         \
    "movs r2, #16\n"                       \
    "b 86f\n"                              \
    "84:\n"                                \
    "mla r0, r0, r6, r1\n"                 \
    "and lr, lr, #0xff00\n"                \
    "movs r2, #0\n"                        \
    "b 86f\n"                              \
    "85:\n"                                \
    "mov r0, r1\n"                         \
    "and lr, lr, #0xff\n"                  \
    "movs r2, #8\n"                        \
    "86:\n"                                \
    "vdup.16 q2, lr\n"                     \
    "ldr r6, [r10, #140]\n"                \
    "wlstp.16 lr, r3, 88f\n"               \
    "87:\n"                                \
    "vldrb.u16 q0, [r0, q1]\n"             \
    "vshl.u16 q0, r2\n"                    \
    "vorr q0, q0, q2\n"                    \
    "vstrh.16 q0, [r4, q3]\n"              \
    "add r0, r0, r6\n"                     \
    "adds r4, r4, #32\n"                   \
    "letp lr, 87b\n"                       \
    "88:\n"                                \
    "bx r8\n"

#endif
