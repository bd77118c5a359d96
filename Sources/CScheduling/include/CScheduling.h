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

/// Notes that a search is answered now.
void scheduling_note_search(void);

/// Gives the processor up for a moment where searches are answered and the calling thread, one of niceness above 0, has
/// been at work for a while; called again and again by what takes long.
///
/// Linux' scheduler owes a thread of low priority some time after others have run. One that serves and wakes just then is
/// passed over until the next tick, up to 4 ms later; a thread that sleeps lets it come first at once.
void scheduling_give_way(void);

/// Names the calling thread as the system shows it: at most 15 bytes, of longer names the first.
void scheduling_name_thread(const char *name);

#endif
