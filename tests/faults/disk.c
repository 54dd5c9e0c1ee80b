/* A disk that fails, or does nothing at all, while a file named after the fault is there, for the
   databases of one folder;
   and one that keeps what was synced, as a disk does whose power is cut. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name, type, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

/* The name of the file, where it is one of a database that `FAULTS` is about. */
static int is_database(int fd, char *name, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, size - 1);
    if (length < 0) return 0;
    name[length] = 0;
    return strstr(name, "/news.db") != NULL;
}

static int fails(int fd, const char *fault) {
    char name[PATH_MAX], trigger[PATH_MAX];
    const char *faults = getenv("FAULTS");
    snprintf(trigger, sizeof trigger, "%s/%s", faults ? faults : "", fault);
    return faults && access(trigger, F_OK) == 0 && is_database(fd, name, sizeof name);
}

/* A full disk takes what still fits. */
static size_t fits(int fd, size_t count) {
    if (!fails(fd, "full")) return count;
    errno = ENOSPC;
    return count > 512 ? count / 2 : 0;
}

ssize_t write(int fd, const void *buf, size_t count) {
    size_t some = fits(fd, count);
    return count && !some ? -1 : REAL(write, ssize_t, int, const void *, size_t)(fd, buf, some);
}

ssize_t pwrite64(int fd, const void *buf, size_t count, off64_t at) {
    size_t some = fits(fd, count);
    return count && !some
        ? -1 : REAL(pwrite64, ssize_t, int, const void *, size_t, off64_t)(fd, buf, some, at);
}

ssize_t pwrite(int fd, const void *buf, size_t count, off_t at) { return pwrite64(fd, buf, count, at); }

/* Keeps the file as it is now: from here on a power cut does not touch that. */
static void keep(int fd) {
    char name[PATH_MAX], kept[PATH_MAX], half[PATH_MAX], buf[1 << 16];
    const char *folder = getenv("SYNCED");
    if (!folder || !is_database(fd, name, sizeof name)) return;
    snprintf(kept, sizeof kept, "%s%s", folder, strrchr(name, '/'));
    snprintf(half, sizeof half, "%s%s", kept, ".half");
    int to = open(half, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t some;
    for (off64_t at = 0; (some = pread64(fd, buf, sizeof buf, at)) > 0; at += some)
        if (REAL(write, ssize_t, int, const void *, size_t)(to, buf, some) != some) abort();
    if (to < 0 || some < 0 || close(to) || rename(half, kept)) abort();
}

static int sync_with(int (*real)(int), int fd) {
    while (fails(fd, "frozen")) usleep(1000);
    if (fails(fd, "sync")) {
        errno = EIO;
        return -1;
    }
    int done = real(fd);
    if (!done) keep(fd);
    return done;
}

/* No state of the database can be looked at without a lock; none is given, nor refused. */
static int control(int (*real)(int, int, ...), int fd, int command, void *argument) {
    while (command == F_SETLK && fails(fd, "unreadable")) usleep(1000);
    return real(fd, command, argument);
}

int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control(REAL(fcntl, int, int, int, ...), fd, command, argument);
}

int fcntl64(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return control(REAL(fcntl64, int, int, int, ...), fd, command, argument);
}

int fsync(int fd) { return sync_with(REAL(fsync, int, int), fd); }

int fdatasync(int fd) { return sync_with(REAL(fdatasync, int, int), fd); }
