// The main functions of the fuzzers; nothing is called from Swift.
