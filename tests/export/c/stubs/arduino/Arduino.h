/* Enough of Arduino for an example to run on this computer. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <cstddef>
#include <cstdint>
#include <cstdio>

struct SerialPort {
    void begin(unsigned long) {}
    explicit operator bool() const { return true; }
    void print(const char *text) { std::fputs(text, stdout); }
    void print(int number) { std::printf("%d", number); }
    void print(unsigned long number) { std::printf("%lu", number); }
    void print(double number) { std::printf("%g", number); }
    template <typename T> void println(T value) {
        print(value);
        std::fputs("\n", stdout);
    }
};

inline SerialPort Serial;
inline unsigned long millis() { return 0; }
inline unsigned long micros() { return 0; }

void setup();
void loop();

#endif
