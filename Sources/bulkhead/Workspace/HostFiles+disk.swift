import Discovery
import Files

extension HostFiles {
  /// The files below a folder: `/` for this host's.
  static func onDisk(below root: String) -> HostFiles {
    HostFiles { path in
      do {
        return .text(try FileContents.readRegularText(root == "/" ? path : root + path, limit: 1 << 20))
      } catch let error as FileError where error.kind == .missing {
        return .missing
      } catch let error as FileError where error.kind == .permission {
        return .unreadable("permission denied")
      } catch {
        return .unreadable("\(error)")
      }
    }
  }
}
