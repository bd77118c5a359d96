#include <lmdb.h>

// `mallopt`, which decides where LMDB's large arrays lie.
#if defined(__GLIBC__)
#include <malloc.h>
#endif
