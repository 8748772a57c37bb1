// What libraries that are linked statically take from glibc 2.35, with which the executables would not start on the glibc
// 2.34 of RHEL 9. What is defined here is linked in its place (`tools/check-executable` finds what is missing).

// Swift's library refers to hypotf and hypotl in functions that this program does not call.

#if !DEBUG
  /// The length of a hypotenuse, as C's `hypotf`: no step leaves the range of `Double`.
  @_cdecl("hypotf") func hypotf(_ x: Float, _ y: Float) -> Float {
    if x.isInfinite || y.isInfinite { return .infinity }
    return Float((Double(x) * Double(x) + Double(y) * Double(y)).squareRoot())
  }

  #if arch(x86_64)
    /// The same with the type `long double`.
    @_cdecl("hypotl") func hypotl(_ x: Float80, _ y: Float80) -> Float80 {
      if x.isInfinite || y.isInfinite { return .infinity }
      if x.isNaN || y.isNaN { return .nan }
      let (large, small) = (max(x.magnitude, y.magnitude), min(x.magnitude, y.magnitude))
      guard large > 0 else { return 0 }
      let ratio = small / large
      return large * (1 + ratio * ratio).squareRoot()
    }
  #endif

  /// Where the tables for unwinding are that belong to an address, as libgcc asks: unknown, because the executables have
  /// none (`tools/discard.ld`). An exception of C++ then ends the process, as it would if it were caught by no function.
  @_cdecl("_dl_find_object") func noTablesForUnwinding(
    _ address: UnsafeMutableRawPointer?, _ result: UnsafeMutableRawPointer?
  ) -> Int32 { -1 }
#endif
