#pragma once
// What Swift's Glibc module does not show: prctl, which takes a variable number of arguments, and
// what <spawn.h> declares with _GNU_SOURCE only, since glibc 2.29 and 2.34; and the mapped segments of the
// program and its libraries.
#include <link.h>
#include <spawn.h>
#include <stdint.h>
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

// struct dl_phdr_info, which <link.h> declares only with _GNU_SOURCE; fields that follow are not read.
struct shim_object {
  ElfW(Addr) base;
  const char *name;
  const ElfW(Phdr) *segments;
  ElfW(Half) count;
};
int shim_each_object(int (*)(struct shim_object *, size_t, void *), void *) __asm__("dl_iterate_phdr");

// What to do with the segments that cannot be written: code and constants of the program and its libraries.
enum shim_of_code { shim_unlock, shim_give_back };

static inline int shim_code_of(struct shim_object *object, size_t size, void *work) {
  (void)size;
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < object->count; i++) {
    const ElfW(Phdr) *segment = &object->segments[i];
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W)) continue;
    uintptr_t start = (object->base + segment->p_vaddr) & ~(page - 1);
    // Without a last page that is not full: data may follow in it.
    uintptr_t end = (object->base + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
    if (end <= start) continue;
    // A failure changes nothing: the pages stay where they are.
    if (*(enum shim_of_code *)work == shim_unlock)
      munlock((void *)start, end - start);
    else
      madvise((void *)start, end - start, MADV_DONTNEED);
  }
  return 0;
}

static inline void shim_unlock_code(void) {
  enum shim_of_code work = shim_unlock;
  shim_each_object(shim_code_of, &work);
}

static inline void shim_give_back_code(void) {
  enum shim_of_code work = shim_give_back;
  shim_each_object(shim_code_of, &work);
}
