internal import CSpawn
import Glibc

/// Keeps the memory of a process that holds secrets off the disk and from other processes of its user.
package enum ProcessMemory {
  /// Turns off core dumps and the inspection by other processes of the same user.
  /// - Returns: what could not be done; nil if all was.
  package static func refuseDumps() -> String? {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    let isDone = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0 && shim_refuse_dumps() == 0
    return isDone
      ? nil : "core dumps cannot be turned off: \(String(cString: strerror(errno)).lowercased())"
  }

  /// Turns off core dumps and the inspection by other processes of the same user (Linux, prctl(2),
  /// PR_SET_DUMPABLE), and locks the memory, so that it is not written to the swap. Code and constants of the program
  /// and its libraries are not locked: they hold no secret, and the kernel reads them from their files again.
  /// - Returns: what could not be done.
  package static func protect() -> [String] {
    var problems = [refuseDumps()].compactMap { $0 }
    // With a limit, a later allocation would fail instead of this call.
    var limit = rlimit()
    getrlimit(shim_limit_of_locked_memory(), &limit)
    guard limit.rlim_cur == rlim_t.max || geteuid() == 0 else {
      problems.append(
        "the memory is not locked and may be written to the swap: raise the limit, with LimitMEMLOCK=infinity in the unit or ulimit -l unlimited"
      )
      return problems
    }
    if mlockall(MCL_CURRENT | MCL_FUTURE | shim_lock_on_fault()) != 0 {
      problems.append(
        "the memory cannot be locked and may be written to the swap: \(String(cString: strerror(errno)).lowercased())"
      )
    }
    shim_unlock_code()
    return problems
  }

  /// Takes code and constants of the program and its libraries out of the memory of this process (madvise(2),
  /// MADV_DONTNEED): most of them were needed for the start, or will not be for minutes. They stay in the kernel's page
  /// cache while it has room, so that the next use costs a page fault and no reading.
  package static func giveBackCode() { shim_give_back_code() }
}
