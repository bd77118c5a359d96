// Round trips over one blocking socket, measured from outside any client library.
//
//   roundtrip query PORT OPENING ANSWERS FRAMES COUNT   sends the opening, reads so many frames, then sends the frames
//                                                       of the file FRAMES one after the other, COUNT in all, and waits
//                                                       for one answer each
//   roundtrip echo REQUEST_BYTES ANSWER_BYTES COUNT     the same exchange of bytes with a thread that only echoes
//
// Prints one line: the answers' bytes, then p50, p90 and p99 of the round trips in nanoseconds.

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
  qsort(times, (size_t)count, sizeof *times, ascending);
  printf("%zu %llu %llu %llu\n", answer_bytes, (unsigned long long)times[count / 2],
         (unsigned long long)times[count * 9 / 10], (unsigned long long)times[count * 99 / 100]);
}

static void query(char **arguments) {
  size_t opening_bytes, frames_bytes, capacity = 1 << 20, answer_bytes = 0;
  int socket = connect_to((uint16_t)atoi(arguments[0]));
  uint8_t *opening = read_file(arguments[1], &opening_bytes), *buffer = malloc(capacity);
  uint8_t *frames = read_file(arguments[3], &frames_bytes);
  int count = atoi(arguments[4]);
  uint64_t *times = calloc((size_t)count, sizeof *times);
  send_all(socket, opening, opening_bytes);
  receive_all(socket, buffer, HEADER_BYTES);  // The server's preface is as long as a frame's header.
  for (int answer = 0; answer < atoi(arguments[2]); answer++) {
    receive_all(socket, buffer, HEADER_BYTES);
    receive_all(socket, buffer + HEADER_BYTES, length_of(buffer));
  }
  const uint8_t *frame = frames;
  for (int index = 0; index < count; index++) {
    size_t length = HEADER_BYTES + length_of(frame);
    uint64_t start = now();
    send_all(socket, frame, length);
    answer_bytes = receive_frame(socket, buffer, capacity);
    times[index] = now() - start;
    frame += length;
    if (frame >= frames + frames_bytes) frame = frames;
  }
  report(answer_bytes, times, count);
}

static size_t echo_request_bytes, echo_answer_bytes;

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

static void echo(char **arguments) {
  echo_request_bytes = (size_t)atol(arguments[0]);
  echo_answer_bytes = (size_t)atol(arguments[1]);
  int count = atoi(arguments[2]), listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1)) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &length);
  pthread_t thread;
  pthread_create(&thread, NULL, echo_server, (void *)(intptr_t)listener);
  int socket = connect_to(ntohs(address.sin_port));
  uint8_t *buffer = calloc(1, echo_request_bytes + echo_answer_bytes);
  uint64_t *times = calloc((size_t)count, sizeof *times);
  for (int index = 0; index < count; index++) {
    uint64_t start = now();
    send_all(socket, buffer, echo_request_bytes);
    receive_all(socket, buffer, echo_answer_bytes);
    times[index] = now() - start;
  }
  report(echo_answer_bytes, times, count);
}

int main(int count, char **arguments) {
  if (count == 7 && !strcmp(arguments[1], "query")) query(arguments + 2);
  else if (count == 5 && !strcmp(arguments[1], "echo")) echo(arguments + 2);
  else return fprintf(stderr, "see the head of roundtrip.c\n"), 2;
  return 0;
}
