#pragma once
// What Swift's Glibc module does not show: prctl, which takes a variable number of arguments, and
// what <spawn.h> declares with _GNU_SOURCE only, since glibc 2.29 and 2.34.
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

// A variable of C, which Swift does not read from more than one thread. This process never changes it.
extern char **environ;
static inline char **shim_environment(void) { return environ; }

// Declared by <unistd.h> only with _GNU_SOURCE.
int pipe2(int ends[2], int flags);

// Neither a core dump nor another process of the same user can read this process's memory.
static inline int shim_refuse_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

// Locks pages when they are first used (Linux 4.4). Declared by <sys/mman.h> only with _GNU_SOURCE.
static inline int shim_lock_on_fault(void) { return 4; }

// Swift does not import this macro of an enumerator.
static inline __rlimit_resource_t shim_limit_of_locked_memory(void) { return __RLIMIT_MEMLOCK; }
