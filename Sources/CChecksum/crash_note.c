// A library that reads a damaged file through a map may end the process. Which file it was, only the thread that
// failed knows; so each thread keeps the name of the store that it is in, and a signal handler writes it down.

#define _GNU_SOURCE
#include "crash_note.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE};
#define SIGNAL_COUNT (sizeof signals / sizeof signals[0])

static struct sigaction previous[SIGNAL_COUNT];
static int note = -1;
static _Thread_local const char *current;

const char *nt_crash_note_enter(const char *store) {
  const char *before = current;
  current = store;
  return before;
}

// Calls only what POSIX allows in a signal handler.
static void write_note(int signal) {
  const char *store = current;
  if (store && note >= 0) {
    // A file's name cannot hold a newline here, so one ends the note.
    ssize_t written = write(note, store, strlen(store));
    if (written >= 0) written = write(note, "\n", 1);
    if (written >= 0) fsync(note);
    current = 0;
  }
  // Returning repeats the failure, which now meets the handler that was there before.
  for (size_t index = 0; index < SIGNAL_COUNT; index++)
    if (signals[index] == signal) sigaction(signal, &previous[index], 0);
}

int nt_crash_note_install(const char *path) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (descriptor < 0) return errno;
  int replaced = note;
  note = descriptor;
  if (replaced >= 0) {
    close(replaced);
    return 0;
  }
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = write_note;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  for (size_t index = 0; index < SIGNAL_COUNT; index++)
    if (sigaction(signals[index], &action, &previous[index]) != 0) return errno;
  return 0;
}
