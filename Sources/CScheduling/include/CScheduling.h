#ifndef CSCHEDULING_H
#define CSCHEDULING_H

#include <stdint.h>

/// Asks for slices of so many nanoseconds (100,000 to 100,000,000) for the calling thread, whose policy and niceness stay.
///
/// Since Linux 6.12 a thread that wakes comes before one that runs with longer slices than its own; without that it
/// waits until the other's slice has ended, several milliseconds where there are more threads than processors. Other
/// systems, and older kernels, take no notice.
///
/// @return 0, or the system's error code
int scheduling_request_slice(uint64_t nanoseconds);

/// Names the calling thread as the system shows it: at most 15 bytes, of longer names the first.
void scheduling_name_thread(const char *name);

#endif
