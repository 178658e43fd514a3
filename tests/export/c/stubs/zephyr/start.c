int sample_main(void);
int main(void) { return sample_main(); }
