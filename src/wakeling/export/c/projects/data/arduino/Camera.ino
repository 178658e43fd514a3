/* Looks at a camera row by row. Replace begin_frame and read_row by your camera's own functions. */
@ARDUINO_INCLUDE@

@DECLARE@

static uint8_t row[WK_CAMERA_ROW_BYTES];

/* Waits for the beginning of the next frame. */
static void begin_frame() {
}

/* Reads the next row of the frame, WK_CAMERA_WIDTH pixels as WK_CAMERA_FORMAT. This one shows a gray wall. */
static void read_row(uint8_t *to) {
    for (int i = 0; i < WK_CAMERA_ROW_BYTES; i++) {
        to[i] = 128;
    }
}

@SHOW@
void setup() {
    Serial.begin(115200);
    @BEGIN@
}

void loop() {
    begin_frame();
    wk_camera_begin(&camera);
    do {
        read_row(row);
    } while (!wk_camera_row(&camera, row));
    wk_run(&model);
    @ANSWER@
}
