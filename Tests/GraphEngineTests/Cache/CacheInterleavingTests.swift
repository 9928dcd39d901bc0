import Foundation
import GraphEngine
import Synchronization
import Testing

/// A store and a collection in each other's middle: one is done whole just before a call of the other, for each call.
struct CacheInterleavingTests {
  let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  static let key = ContentDigest(hashing: Array("key".utf8))
  static let value = Array("value".utf8)
  let outputs = NodeDeclaration(ToyConstant.self).outputs

  func cache(_ name: String, fault: CacheFiles.Fault? = nil) -> DiskCache {
    DiskCache(
      at: "\(folder.path)/\(name)", settings: CacheSettings(durability: .fast, minimumFree: 0), fault: fault)
  }

  @discardableResult
  static func store(in cache: DiskCache) -> Bool {
    cache.store(
      key: key, node: "Constant", descriptor: Array("descriptor".utf8), seconds: 1,
      outputs: [("result", "number", value)], ancestors: [Array("model".utf8)])
  }

  /// What a cache holds at first: the result, or its blobs alone, or damaged ones, or nothing.
  enum Beginning: CaseIterable {
    case kept, orphaned, damaged, empty
  }

  func begin(_ beginning: Beginning, _ name: String) throws {
    if beginning == .empty { return }
    Self.store(in: cache(name))
    if beginning == .kept { return }
    for path in folder.files(below: "\(name)/v1/ac") { try FileManager.default.removeItem(atPath: path) }
    if beginning == .orphaned { return }
    for path in folder.files(below: "\(name)/v1/cas") { try Data("other".utf8).write(to: URL(filePath: path)) }
  }

  /// Nil when there is no entry, and otherwise whether its blobs are there.
  func isWhole(_ name: String) -> Bool? {
    let cache = cache(name)
    guard let entry = cache.entry(for: Self.key) else { return nil }
    return (entry.outputs.map(\.blob) + [entry.descriptor] + entry.ancestors).allSatisfy { cache.blob($0) != nil }
  }

  @Test(arguments: Beginning.allCases)
  func aCollectionInTheMiddleOfAStoreTakesNothingOfIt(_ beginning: Beginning) throws {
    for number in 1... {
      let name = "\(number)"
      try begin(beginning, name)
      let calls = CallCounter()
      let collector = cache(name)
      let isKept = Self.store(
        in: cache(name) { call, path in
          if calls.next() == number {
            calls.note("\(call) \(path)")
            collector.collect(limit: 0)
          }
          return nil
        })
      #expect(isKept, "call \(number): \(calls.noted)")
      #expect(isWhole(name) == true, "call \(number): \(calls.noted)")
      if calls.count < number {
        #expect(number > 15)
        return
      }
    }
  }

  @Test(arguments: [Beginning.kept, .orphaned, .damaged])
  func aStoreInTheMiddleOfACollectionKeepsWhatItSays(_ beginning: Beginning) throws {
    for number in 1... {
      let name = "\(number)"
      try begin(beginning, name)
      let calls = CallCounter()
      let isKept = Mutex<Bool?>(nil)
      let (writer, isStored) = (cache(name), DispatchSemaphore(value: 0))
      let collector = cache(name) { call, path in
        if calls.next() == number {
          calls.note("\(call) \(path)")
          Thread.detachNewThread {
            let result = Self.store(in: writer)
            isKept.withLock { $0 = result }
            isStored.signal()
          }
          // A store waits for a blob that is about to be removed.
          if call != .unlink { isStored.wait() }
        }
        return nil
      }
      collector.collect(limit: 0)
      if calls.count < number {
        #expect(number > 5)
        return
      }
      if calls.noted.hasPrefix("unlink") { isStored.wait() }
      #expect(isKept.withLock { $0 } == true, "call \(number): \(calls.noted)")
      #expect(isWhole(name) != false, "call \(number): \(calls.noted)")
    }
  }
}
