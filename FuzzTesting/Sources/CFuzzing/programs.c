// SwiftPM names the main function of a program after it, so libFuzzer's own is not used: its driver is called.

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *, size_t));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

#define MAIN(program)                                                     \
  int program##_main(int argc, char **argv) {                             \
    return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);     \
  }

MAIN(FuzzRequest)
MAIN(FuzzAnswer)
MAIN(FuzzConnection)
