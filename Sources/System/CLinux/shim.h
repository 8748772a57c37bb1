#pragma once
// What Swift's Glibc module does not show: epoll, and the GNU form of accept. The fields of an epoll_event are read
// here, since it is packed and has a union.
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// Declared by <sys/socket.h> only with _GNU_SOURCE.
int accept4(int, struct sockaddr *, socklen_t *, int);

static inline int shim_epoll_ctl(int poller, int operation, int descriptor, uint32_t events, uint64_t id) {
  struct epoll_event event;
  event.events = events;
  event.data.u64 = id;
  return epoll_ctl(poller, operation, descriptor, &event);
}
static inline uint64_t shim_epoll_id(const struct epoll_event *event) { return event->data.u64; }
static inline uint32_t shim_epoll_events(const struct epoll_event *event) { return event->events; }

// The process at the other end of a local socket, as the kernel knows it. struct ucred is declared by <sys/socket.h> only
// with _GNU_SOURCE.
static inline int shim_peer(int descriptor, int32_t *process, uint32_t *user) {
  struct { int32_t pid; uint32_t uid; uint32_t gid; } peer = {0, 0, 0};
  socklen_t count = sizeof peer;
  int result = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &count);
  *process = peer.pid;
  *user = peer.uid;
  return result;
}
