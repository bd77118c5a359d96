// Round trips over one blocking socket, measured from outside any client library.
//
//   roundtrip PORT OPENING ANSWERS FRAMES COUNT   sends the opening, reads so many frames, then sends the frames of the
//                                                 file FRAMES one after the other, COUNT in all, and waits for one answer
//                                                 each; in turns with each, the same exchange of bytes with a thread
//                                                 that only echoes
//
// Prints a line for the queries and one for the echo: the answers' bytes, then mean, p50, p90 and p99 of the round trips in
// nanoseconds; last the CPU nanoseconds that the echoing thread took for one.

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 16

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void send_all(int socket, const uint8_t *bytes, size_t count) {
  while (count) {
    ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) fail("send");
    bytes += sent;
    count -= (size_t)sent;
  }
}

static void receive_all(int socket, uint8_t *bytes, size_t count) {
  while (count) {
    ssize_t received = recv(socket, bytes, count, 0);
    if (received <= 0) fail("recv");
    bytes += received;
    count -= (size_t)received;
  }
}

static uint32_t length_of(const uint8_t *header) {
  uint32_t length;
  memcpy(&length, header + 4, 4);
  return length;
}

// Reads one frame, as much at a time as there is, and returns its length.
static size_t receive_frame(int socket, uint8_t *buffer, size_t capacity) {
  size_t count = 0, wanted = HEADER_BYTES;
  while (count < wanted) {
    ssize_t received = recv(socket, buffer + count, capacity - count, 0);
    if (received <= 0) fail("recv");
    count += (size_t)received;
    if (count >= HEADER_BYTES) wanted = HEADER_BYTES + length_of(buffer);
    if (wanted > capacity) fail("answer too large");
  }
  return count;
}

static uint8_t *read_file(const char *path, size_t *count) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  fseek(file, 0, SEEK_END);
  *count = (size_t)ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*count);
  if (fread(bytes, 1, *count, file) != *count) fail(path);
  fclose(file);
  return bytes;
}

static int connect_to(uint16_t port) {
  int descriptor = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int ascending(const void *a, const void *b) {
  uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
  return left < right ? -1 : left > right;
}

static void report(size_t answer_bytes, uint64_t *times, int count) {
  uint64_t total = 0;
  for (int index = 0; index < count; index++) total += times[index];
  qsort(times, (size_t)count, sizeof *times, ascending);
  printf("%zu %llu %llu %llu %llu\n", answer_bytes, (unsigned long long)(total / (uint64_t)count),
         (unsigned long long)times[count / 2], (unsigned long long)times[count * 9 / 10],
         (unsigned long long)times[count * 99 / 100]);
}

// What an echo exchanges and who answers it; one process makes one.
static size_t echo_request_bytes, echo_answer_bytes;
static pthread_t echo_thread;

static void *echo_server(void *argument) {
  int on = 1, socket = accept((int)(intptr_t)argument, NULL, NULL);
  if (socket < 0) fail("accept");
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  uint8_t *buffer = calloc(1, echo_request_bytes + echo_answer_bytes);
  for (;;) {
    size_t count = 0;
    while (count < echo_request_bytes) {
      ssize_t received = recv(socket, buffer + count, echo_request_bytes - count, 0);
      if (received <= 0) return NULL;
      count += (size_t)received;
    }
    send_all(socket, buffer, echo_answer_bytes);
  }
}

static int connect_to_echo(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  pthread_create(&echo_thread, NULL, echo_server, (void *)(intptr_t)listener);
  return connect_to(ntohs(address.sin_port));
}

static size_t query(int socket, const uint8_t *frame, uint8_t *buffer, size_t capacity) {
  send_all(socket, frame, HEADER_BYTES + length_of(frame));
  return receive_frame(socket, buffer, capacity);
}

int main(int argument_count, char **arguments) {
  if (argument_count != 6) return fprintf(stderr, "see the head of roundtrip.c\n"), 2;
  size_t opening_bytes, frames_bytes, capacity = 1 << 20;
  int server = connect_to((uint16_t)atoi(arguments[1])), count = atoi(arguments[5]);
  uint8_t *opening = read_file(arguments[2], &opening_bytes), *buffer = malloc(capacity);
  uint8_t *frames = read_file(arguments[4], &frames_bytes);
  uint64_t *query_times = calloc((size_t)count, sizeof *query_times);
  uint64_t *echo_times = calloc((size_t)count, sizeof *echo_times);
  send_all(server, opening, opening_bytes);
  receive_all(server, buffer, HEADER_BYTES);  // The server's preface is as long as a frame's header.
  for (int answer = 0; answer < atoi(arguments[3]); answer++) {
    receive_all(server, buffer, HEADER_BYTES);
    receive_all(server, buffer + HEADER_BYTES, length_of(buffer));
  }
  // The frames have one length, and so have their answers.
  echo_request_bytes = HEADER_BYTES + length_of(frames);
  echo_answer_bytes = query(server, frames, buffer, capacity);
  int echo = connect_to_echo();
  uint8_t *bytes = calloc(1, echo_request_bytes + echo_answer_bytes);
  const uint8_t *frame = frames;
  for (int index = 0; index < count; index++) {
    uint64_t start = now();
    query(server, frame, buffer, capacity);
    uint64_t middle = now();
    send_all(echo, bytes, echo_request_bytes);
    receive_all(echo, bytes, echo_answer_bytes);
    query_times[index] = middle - start;
    echo_times[index] = now() - middle;
    frame += HEADER_BYTES + length_of(frame);
    if (frame >= frames + frames_bytes) frame = frames;
  }
  report(echo_answer_bytes, query_times, count);
  report(echo_answer_bytes, echo_times, count);
  clockid_t clock;
  struct timespec cpu;
  if (pthread_getcpuclockid(echo_thread, &clock) || clock_gettime(clock, &cpu)) fail("the echo's CPU time");
  printf("%llu\n", ((unsigned long long)cpu.tv_sec * 1000000000 + (unsigned long long)cpu.tv_nsec) / (unsigned)count);
  return 0;
}
