#define _GNU_SOURCE
#include "CScheduling.h"

#ifdef __linux__
#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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
#else
int scheduling_request_slice(uint64_t nanoseconds) {
  (void)nanoseconds;
  return 0;
}

void scheduling_name_thread(const char *name) { (void)name; }
#endif
