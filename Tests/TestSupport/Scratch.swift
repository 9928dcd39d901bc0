import Foundation

/// Makes a folder for what a test writes; in memory where there is room, as tests write much and wait for the disk.
package func makeScratchFolder() throws -> URL {
  let memory = URL(filePath: "/dev/shm")
  let room = try? FileManager.default.attributesOfFileSystem(forPath: memory.path)[.systemFreeSize] as? Int
  let parent = (room ?? 0) > 1 << 30 ? memory : FileManager.default.temporaryDirectory
  let folder = parent.appending(path: "stepgraph-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
