/* Counts the instructions of every block that Unicorn runs: a callback in C, for Python's is too slow.
 *
 * Instructions of a block are counted once, by the length that the first halfword of each tells
 * (Armv7-M Architecture Reference Manual, A5.1), and kept by the block's address.
 */
#include <stdint.h>

typedef struct {
    uint32_t bytes;        /* of the block; 0: not seen yet */
    uint32_t instructions;
} block;

typedef struct {
    const uint8_t *code;
    block *blocks;               /* one for each halfword of code */
    uint64_t first, code_bytes;  /* where the code lies */
    uint64_t skip_first, skip_end;
    uint64_t instructions;
    uint64_t elsewhere;          /* blocks outside the code */
} counter;

static uint32_t instructions_of(const uint8_t *code, uint32_t bytes) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < bytes; count++) {
        i += (code[i + 1] >> 3) >= 0x1D ? 4u : 2u;
    }
    return count;
}

#ifdef _WIN32
__declspec(dllexport)
#endif
void count_block(void *engine, uint64_t address, uint32_t bytes, void *data) {
    counter *const to = data;
    (void)engine;
    if (address >= to->skip_first && address < to->skip_end) {
        return;
    }
    const uint64_t start = address - to->first;
    if (address < to->first || start + bytes > to->code_bytes) {
        to->elsewhere++;
        return;
    }
    block *const seen = &to->blocks[start / 2];
    if (seen->bytes != bytes) {
        seen->bytes = bytes;
        seen->instructions = instructions_of(to->code + start, bytes);
    }
    to->instructions += seen->instructions;
}
