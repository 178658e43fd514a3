"""From the int8 model to files: `.tflite` (`export.tflite`) and a C array (`export.c_array`)."""
