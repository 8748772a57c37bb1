#pragma once
// What <spawn.h> declares with _GNU_SOURCE only, since glibc 2.29 and 2.34.
#include <spawn.h>
#include <unistd.h>

int posix_spawn_file_actions_addchdir_np(posix_spawn_file_actions_t *, const char *);
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *, int);

// A variable of C, which Swift does not read from more than one thread. This process never changes it.
extern char **environ;
static inline char **shim_environment(void) { return environ; }

// Declared by <unistd.h> only with _GNU_SOURCE.
int pipe2(int ends[2], int flags);
