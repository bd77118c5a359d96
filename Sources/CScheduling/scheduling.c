#define _GNU_SOURCE
#include "CScheduling.h"

#ifdef __linux__
#include <errno.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// The kernel's `struct sched_attr`, first version; C libraries have had it for a short time only.
struct attributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime;
  uint64_t deadline;
  uint64_t period;
};

int scheduling_request_slice(uint64_t nanoseconds) {
  struct attributes attributes = {.size = sizeof attributes};
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return errno;
  attributes.flags = 0;
  attributes.runtime = nanoseconds;
  return syscall(SYS_sched_setattr, 0, &attributes, 0) == 0 ? 0 : errno;
}

void scheduling_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

// Nanoseconds: what a thread works at a time, for how long it then sleeps, and how long a search counts.
static const uint64_t worked_max = 1000 * 1000;
static const long pause_length = 20 * 1000;
static const uint64_t searched_max = 100 * 1000 * 1000;

static _Atomic uint64_t last_search;

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void scheduling_note_search(void) {
  atomic_store_explicit(&last_search, nanoseconds(), memory_order_relaxed);
}

void scheduling_give_way(void) {
  static _Thread_local enum { unknown, serving, nice } kind;
  static _Thread_local uint64_t since;
  if (kind == serving) return;
  uint64_t now = nanoseconds();
  if (kind == unknown) {
    kind = getpriority(PRIO_PROCESS, 0) > 0 ? nice : serving;
    since = now;
    // Else the system makes each pause longer by 50 µs, to wake for several threads at once.
    if (kind == nice) prctl(PR_SET_TIMERSLACK, 1000);
  }
  if (now - since < worked_max) return;
  since = now;
  uint64_t searched = atomic_load_explicit(&last_search, memory_order_relaxed);
  if (searched == 0 || now > searched + searched_max) return;
  struct timespec pause = {.tv_nsec = pause_length};
  nanosleep(&pause, NULL);
  since = nanoseconds();
}
#else
int scheduling_request_slice(uint64_t nanoseconds) {
  (void)nanoseconds;
  return 0;
}

void scheduling_name_thread(const char *name) { (void)name; }

void scheduling_note_search(void) {}
void scheduling_give_way(void) {}
#endif
