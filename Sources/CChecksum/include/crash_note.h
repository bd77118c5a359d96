#ifndef NEEDLETAIL_CRASH_NOTE_H
#define NEEDLETAIL_CRASH_NOTE_H

/// Lets SIGSEGV, SIGBUS, SIGABRT, SIGILL and SIGFPE first write to the file at `path` which store the failing
/// thread was in, and then take the course that they had before.
///
/// Returns 0, or the code of what failed. The file is created and stays empty unless a signal meets a store.
int nt_crash_note_install(const char *path);

/// Says that this thread is in `store` from now on, and returns what it was in before; null is none.
///
/// The string must stay until the thread has left it.
const char *nt_crash_note_enter(const char *store);

#endif
