#pragma once
// The packaging metadata that the linker wrote into the running executable (`--package-metadata`), as specified in
// https://systemd.io/ELF_PACKAGE_METADATA/: a note with the owner "FDO", whose contents are JSON.
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// Where the executable is in memory: the linkers define it.
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

// The text of the note and its length with its final zero byte; null if the executable has none.
static inline const char *shim_package_note(size_t *length) {
  const char *start = (const char *)&__ehdr_start;
  const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(start + __ehdr_start.e_phoff);
  // The address that the first byte of the file was linked for: zero in a position-independent executable.
  uintptr_t linked = 0;
  for (int i = 0; i < __ehdr_start.e_phnum; i++)
    if (segments[i].p_type == PT_LOAD && segments[i].p_offset == 0) linked = segments[i].p_vaddr;
  for (int i = 0; i < __ehdr_start.e_phnum; i++) {
    if (segments[i].p_type != PT_NOTE) continue;
    const char *note = start + (segments[i].p_vaddr - linked);
    const char *end = note + segments[i].p_memsz;
    // Fields are aligned as the segment says; anything but 8 means 4.
    size_t alignment = segments[i].p_align == 8 ? 8 : 4;
    while ((size_t)(end - note) >= sizeof(ElfW(Nhdr))) {
      const ElfW(Nhdr) *header = (const ElfW(Nhdr) *)note;
      const char *name = note + sizeof *header;
      size_t before = (sizeof *header + header->n_namesz + alignment - 1) & ~(alignment - 1);
      size_t all = (before + header->n_descsz + alignment - 1) & ~(alignment - 1);
      if (all > (size_t)(end - note)) break;
      if (header->n_type == 0xcafe1a7e && header->n_namesz == 4 && memcmp(name, "FDO", 4) == 0) {
        *length = header->n_descsz;
        return note + before;
      }
      note += all;
    }
  }
  *length = 0;
  return NULL;
}
