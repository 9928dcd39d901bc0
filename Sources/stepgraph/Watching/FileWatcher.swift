import Foundation
import GraphEngine
import Synchronization

/// Tells when files are other than they were, however they were replaced: written in place, renamed over, removed and
/// made again, with their folders too.
///
/// Linux's inotify(7) watches the folders and says when to look; what a file is decides. Where it says nothing, as on
/// network file systems, files are looked at every second.
final class FileWatcher: Sendable {
  private struct State {
    /// What the files were when they were last looked at; nil for one that was not there.
    var files: [String: FileIdentity?] = [:]
    /// By inotify's number.
    var folders: [Int32: String] = [:]
    /// Names in folders that are of interest.
    var names: Set<String> = []
    var isStopped = false
  }

  private let state = Mutex(State())
  private let inotify: Int32
  /// A pipe that ends a wait of the thread.
  private let (ear, bell): (Int32, Int32)
  private let onChange: @Sendable ([String]) -> Void

  /// How long nothing has to happen before files are looked at: programs write in several steps.
  private static let quiet: Int32 = 40
  /// How long a file that is being written is waited for, in milliseconds.
  private static let patience = 2000
  /// How often files are looked at whatever inotify says, in milliseconds.
  private static let pause: Int32 = 1000

  /// - Parameter onChange: gets the paths of files that are other than told to `watch`, on a thread of the watcher's.
  init(onChange: @escaping @Sendable ([String]) -> Void) {
    self.onChange = onChange
    inotify = inotify_init1(O_CLOEXEC | O_NONBLOCK)
    var ends: [Int32] = [-1, -1]
    pipe(&ends)
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (ear, bell) = (ends[0], ends[1])
    let thread = Thread { [weak self] in
      while let self, self.turn() {}
    }
    thread.name = "watcher"
    thread.start()
  }

  deinit {
    close(inotify)
    close(ear)
    close(bell)
  }

  /// Watches these files from now on, and no others; what they were when they were read tells whether they changed since.
  func watch(_ files: [String: FileIdentity?]) {
    state.withLock { state in
      state.files = files
      watchFolders(&state)
    }
    ring()
  }

  /// Takes files for unchanged, whatever they are now: they were written by the run itself.
  func accept(_ paths: [String]) {
    state.withLock { state in
      for path in paths where state.files[path] != nil { state.files[path] = .some(FileIdentity(path: path)) }
    }
  }

  /// Ends the thread.
  func stop() {
    state.withLock { $0.isStopped = true }
    ring()
  }

  /// Files that are other than they were.
  var changes: [String] { state.withLock { Self.changes($0) } }

  private func ring() {
    // A full pipe has rung already.
    var one: UInt8 = 1
    _ = write(bell, &one, 1)
  }

  private static func changes(_ state: State) -> [String] {
    state.files.filter { FileIdentity(path: $0.key) != $0.value }.map(\.key).sorted()
  }

  // MARK: The thread

  /// Waits for something to happen, and looks at the files; false once there is nobody to tell.
  private func turn() -> Bool {
    if wait(Self.pause) { settle() }
    let changed = state.withLock { state -> [String]? in
      if state.isStopped { return nil }
      // Folders may be others of the same names now.
      watchFolders(&state)
      let changed = Self.changes(state)
      for path in changed { state.files[path] = .some(FileIdentity(path: path)) }
      return changed
    }
    guard let changed else { return false }
    if !changed.isEmpty { onChange(changed) }
    return true
  }

  /// Whether something happens within so many milliseconds.
  private func wait(_ milliseconds: Int32) -> Bool {
    var descriptors = [inotify, ear].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    return poll(&descriptors, 2, milliseconds) > 0
  }

  /// Waits until nothing happens any more, and no file of interest is being written.
  private func settle() {
    var open: Set<String> = []
    let deadline = ContinuousClock.now + .milliseconds(Self.patience)
    repeat { drain(&open) } while (wait(Self.quiet) || !open.isEmpty) && ContinuousClock.now < deadline
  }

  /// Reads what happened; `open` gets the names of files that were written to and not closed yet.
  private func drain(_ open: inout Set<String>) {
    let names = state.withLock { $0.names }
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while read(ear, &buffer, buffer.count) > 0 {}
    while case let size = read(inotify, &buffer, buffer.count), size > 0 {
      buffer.withUnsafeBytes { bytes in
        var offset = 0
        let head = MemoryLayout<inotify_event>.size
        while offset + head <= size {
          let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
          let text = bytes[offset + head..<min(size, offset + head + Int(event.len))].prefix { $0 != 0 }
          let name = String(decoding: text, as: UTF8.self)
          if names.contains(name) {
            if event.mask & UInt32(IN_MODIFY) != 0 { open.insert(name) } else { open.remove(name) }
          }
          offset += head + Int(event.len)
        }
      }
    }
  }

  // MARK: Folders

  /// Asks inotify for the folders of all files: those that paths name, and those that links lead to.
  private func watchFolders(_ state: inout State) {
    var folders: Set<String> = []
    var names: Set<String> = []
    for path in state.files.keys {
      for place in [path, Self.target(of: path)].compactMap(\.self) {
        folders.insert(Self.folder(of: place))
        names.insert(String(place[(place.lastIndex(of: "/").map { place.index(after: $0) } ?? place.startIndex)...]))
      }
    }
    let mask =
      IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_CREATE | IN_DELETE
      | IN_DELETE_SELF | IN_MOVE_SELF
    var watched: [Int32: String] = [:]
    for folder in folders {
      // The same number for a folder that is watched already.
      let number = inotify_add_watch(inotify, folder, UInt32(mask))
      if number >= 0 { watched[number] = folder }
    }
    for number in state.folders.keys where watched[number] == nil { inotify_rm_watch(inotify, number) }
    state.folders = watched
    state.names = names
  }

  /// The folder of a path, or the nearest one above it that is there.
  private static func folder(of path: String) -> String {
    var folder = path
    repeat {
      guard let slash = folder.lastIndex(of: "/") else { return "." }
      folder = String(folder[..<slash])
      if folder.isEmpty { return "/" }
    } while access(folder, F_OK) != 0
    return folder
  }

  /// Where links lead in the end; nil for what is not there.
  private static func target(of path: String) -> String? {
    guard let target = realpath(path, nil) else { return nil }
    defer { free(target) }
    return String(cString: target)
  }
}
