/* The part of string.h that generated code uses, for compilers that come without a C library. */
#ifndef WAKELING_FREESTANDING_STRING_H
#define WAKELING_FREESTANDING_STRING_H

#include <stddef.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *memmove(void *destination, const void *source, size_t bytes);
void *memset(void *destination, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);

#endif
