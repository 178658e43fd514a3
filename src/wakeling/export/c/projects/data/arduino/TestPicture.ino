/* Runs the model on a stored picture and compares the output: open the serial monitor at 115200. */
#include <@NAME@.h>
#include <wk_selftest.h>

static wk_t model;

void setup() {
    Serial.begin(115200);
    while (!Serial && millis() < 5000) {
    }
    if (wk_init(&model, NULL, 0) != 0) {
        Serial.println("FAIL: no arena");
        return;
    }
    const unsigned long begin = micros();
    const int wrong = wk_selftest(&model);
    const unsigned long taken = micros() - begin;
    for (int i = 0; i < WK_LABELS; i++) {
        Serial.print(wk_labels[i]);
        Serial.print(": ");
        Serial.print(wk_output(&model)[i]);
        Serial.print(", expected ");
        Serial.println(wk_test_output[i]);
    }
    Serial.print(taken);
    Serial.println(" microseconds");
    Serial.println(wrong == 0 ? "PASS" : "FAIL");
}

void loop() {
}
