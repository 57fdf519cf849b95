// A slow disk: every durable write of the process takes some microseconds longer. Preloaded into a PostgreSQL
// server (LD_PRELOAD), so that the same fast disk shows what a disk in the field does.
//
// SYNC_US=2000 in the environment, or SYNC_US_FILE: a file with a 32-bit number that may change while the
// server runs, so that both disks can be measured right after one another.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile int32_t* slower_by;
static int32_t constant;

__attribute__((constructor)) static void begin(void) {
  const char* us = getenv("SYNC_US");
  const char* file = getenv("SYNC_US_FILE");
  constant = us ? (int32_t)atoi(us) : 0;
  slower_by = &constant;
  const int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  void* page = mmap(NULL, sizeof(int32_t), PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) slower_by = page;
  close(fd);
}

static void wait_for_the_disk(void) {
  const int32_t us = *slower_by;
  if (us <= 0) return;
  const int error = errno;
  struct timespec left = {us / 1000000, (long)(us % 1000000) * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
  errno = error;
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  const int result = real(fd);
  wait_for_the_disk();
  return result;
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  const int result = real(fd);
  wait_for_the_disk();
  return result;
}
