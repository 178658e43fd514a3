/* A picture (@PICTURE@) as the model takes it, and the output that belongs to it. */
#ifndef WK_TEST_PICTURE_H
#define WK_TEST_PICTURE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

extern const @INPUT_TYPE@ wk_test_picture[@INPUT_VALUES@];
extern const @OUTPUT_TYPE@ wk_test_output[@OUTPUT_VALUES@];

#ifdef __cplusplus
}
#endif

#endif
