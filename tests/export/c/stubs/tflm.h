/* The names of TensorFlow Lite Micro that a program uses; every header of it is this one. */
#ifndef TFLM_STUB_H
#define TFLM_STUB_H

enum TfLiteStatus { kTfLiteOk, kTfLiteError };
struct TfLiteTensor {
    struct {
        char *raw;
    } data;
};
void MicroPrintf(const char *format, ...);

namespace tflite {
struct Model;
const Model *GetModel(const void *content);
void InitializeTarget();
template <unsigned int count> struct MicroMutableOpResolver {
    METHODS
};
struct MicroInterpreter {
    template <unsigned int count>
    MicroInterpreter(const Model *, const MicroMutableOpResolver<count> &, unsigned char *, decltype(sizeof 0)) {}
    TfLiteStatus AllocateTensors();
    TfLiteStatus Invoke();
    TfLiteTensor *input(int number);
    TfLiteTensor *output(int number);
    decltype(sizeof 0) arena_used_bytes() const;
};
}  // namespace tflite

#endif
