/*
 * Preloaded into a process, this keeps what is written to files below $HOLDFAST_UNSYNCED in that process until the file
 * is synced. A SIGKILL then does to files what a power cut does: what was not synced is gone. With $HOLDFAST_NO_SYNC a
 * sync says that it is done and does nothing. Names are the kernel's: renames and removals are not held back.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 65536
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct held {
  dev_t dev;
  ino_t ino;
  char *bytes;
  size_t length;
  struct held *next;
};

static struct held *all;
static unsigned char tracked[FDS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int inside(const char *path) {
  const char *folder = getenv("HOLDFAST_UNSYNCED");
  return folder && strncmp(path, folder, strlen(folder)) == 0;
}

static struct held **find(dev_t dev, ino_t ino) {
  struct held **at = &all;
  while (*at && ((*at)->dev != dev || (*at)->ino != ino)) at = &(*at)->next;
  return at;
}

static struct held **of(int fd, struct stat *st) {
  if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) return NULL;
  return find(st->st_dev, st->st_ino);
}

static void forget(struct held **at) {
  struct held *gone = *at;
  if (!gone) return;
  *at = gone->next;
  free(gone->bytes);
  free(gone);
}

static ssize_t hold(int fd, const void *bytes, size_t length) {
  struct stat st;
  struct held **at = of(fd, &st);
  if (!at) return -2;
  if (!*at) {
    struct held *fresh = calloc(1, sizeof *fresh);
    fresh->dev = st.st_dev;
    fresh->ino = st.st_ino;
    fresh->next = all;
    all = fresh;
    at = &all;
  }
  (*at)->bytes = realloc((*at)->bytes, (*at)->length + length);
  memcpy((*at)->bytes + (*at)->length, bytes, length);
  (*at)->length += length;
  return length;
}

/* Passes on what is held of a file. */
static int pass(int fd) {
  struct stat st;
  struct held **at = of(fd, &st);
  if (getenv("HOLDFAST_NO_SYNC")) return 0;
  if (at && *at) {
    size_t done = 0;
    while (done < (*at)->length) {
      ssize_t n = REAL(pwrite64)(fd, (*at)->bytes + done, (*at)->length - done, st.st_size + done);
      if (n < 0) return -1;
      done += n;
    }
    forget(at);
  }
  return 0;
}

static int opened(int fd, const char *path, int flags) {
  if (fd >= 0 && fd < FDS) tracked[fd] = (flags & O_ACCMODE) != O_RDONLY && inside(path);
  return fd;
}

int open(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = va_arg(args, mode_t);
  va_end(args);
  return opened(REAL(open)(path, flags, mode), path, flags);
}

int open64(const char *path, int flags, ...) {
  va_list args;
  va_start(args, flags);
  mode_t mode = va_arg(args, mode_t);
  va_end(args);
  return opened(REAL(open64)(path, flags, mode), path, flags);
}

int close(int fd) {
  if (fd >= 0 && fd < FDS) tracked[fd] = 0;
  return REAL(close)(fd);
}

static int is_tracked(int fd) { return fd >= 0 && fd < FDS && tracked[fd]; }

ssize_t write(int fd, const void *bytes, size_t length) {
  if (!is_tracked(fd)) return REAL(write)(fd, bytes, length);
  pthread_mutex_lock(&lock);
  ssize_t n = hold(fd, bytes, length);
  pthread_mutex_unlock(&lock);
  return n == -2 ? REAL(write)(fd, bytes, length) : n;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!is_tracked(fd)) return REAL(writev)(fd, parts, count);
  ssize_t sum = 0;
  for (int i = 0; i < count; i++) sum += write(fd, parts[i].iov_base, parts[i].iov_len);
  return sum;
}

/* The store appends only; who writes elsewhere gets what it asks for. */
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  struct stat st;
  if (!is_tracked(fd)) return REAL(pwrite64)(fd, bytes, length, offset);
  pthread_mutex_lock(&lock);
  struct held **at = of(fd, &st);
  int appends = at && offset == st.st_size + (off64_t)(*at ? (*at)->length : 0);
  ssize_t n = appends ? hold(fd, bytes, length) : (pass(fd), REAL(pwrite64)(fd, bytes, length, offset));
  pthread_mutex_unlock(&lock);
  return n;
}

static ssize_t merged(int fd, void *bytes, size_t length, off64_t offset) {
  struct stat st;
  pthread_mutex_lock(&lock);
  struct held **at = of(fd, &st);
  ssize_t n;
  if (!at || !*at) n = REAL(pread64)(fd, bytes, length, offset);
  else if (offset < st.st_size) {
    size_t here = st.st_size - offset;
    n = REAL(pread64)(fd, bytes, length < here ? length : here, offset);
  } else {
    off64_t from = offset - st.st_size;
    n = from >= (off64_t)(*at)->length ? 0 : (ssize_t)((*at)->length - from);
    if (n > (ssize_t)length) n = length;
    memcpy(bytes, (*at)->bytes + from, n);
  }
  pthread_mutex_unlock(&lock);
  return n;
}

static int is_held(int fd) {
  struct stat st;
  pthread_mutex_lock(&lock);
  struct held **at = all ? of(fd, &st) : NULL;
  int is = at && *at;
  pthread_mutex_unlock(&lock);
  return is;
}

ssize_t pread64(int fd, void *bytes, size_t length, off64_t offset) {
  return is_held(fd) ? merged(fd, bytes, length, offset) : REAL(pread64)(fd, bytes, length, offset);
}

ssize_t read(int fd, void *bytes, size_t length) {
  if (!is_held(fd)) return REAL(read)(fd, bytes, length);
  ssize_t n = merged(fd, bytes, length, lseek64(fd, 0, SEEK_CUR));
  if (n > 0) lseek64(fd, n, SEEK_CUR);
  return n;
}

int ftruncate64(int fd, off64_t length) {
  struct stat st;
  pthread_mutex_lock(&lock);
  struct held **at = is_tracked(fd) ? of(fd, &st) : NULL;
  int code = 0;
  if (at && *at && length > st.st_size) (*at)->length = length - st.st_size;
  else {
    if (at) forget(at);
    code = REAL(ftruncate64)(fd, length);
  }
  pthread_mutex_unlock(&lock);
  return code;
}

int fdatasync(int fd) {
  pthread_mutex_lock(&lock);
  int code = is_tracked(fd) ? pass(fd) : 0;
  pthread_mutex_unlock(&lock);
  return code;
}

int fsync(int fd) { return fdatasync(fd); }

int unlink(const char *path) {
  struct stat st;
  if (inside(path) && stat(path, &st) == 0 && st.st_nlink == 1) {
    pthread_mutex_lock(&lock);
    forget(find(st.st_dev, st.st_ino));
    pthread_mutex_unlock(&lock);
  }
  return REAL(unlink)(path);
}
