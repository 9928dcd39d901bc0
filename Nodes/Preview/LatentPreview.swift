import DiffusionModels
import Foundation
import GraphEngine
import Synchronization
import Tensors

/// Writes the picture that is being sampled: after each step what its prediction amounts to, x_0, as a PNG file.
///
/// On a thread of its own. A file shows the latest step, and a new one begins only when four times as long as the last took is
/// over, so that a run loses little; in a folder each step has a file of its own.
package final class LatentPreview: RunWatcher {
  private struct Sight: Sendable {
    let node: String
    let type: String
    let latent: Tensor
    let tell: EventSink
  }

  private struct State {
    var waiting: [Sight] = []
    var colours: PreviewColours
    var isBusy = false
    /// Before this nothing begins, but at the end.
    var pause = ContinuousClock.now
    var isEnding = false
    var hasWritten = false
    /// What went wrong, which is told once.
    var problem: String?
  }

  private let path: String
  private let isFolder: Bool
  private let state: Mutex<State>
  private let queue = DispatchQueue(label: "preview", qos: .utility)

  private static let restPerWork = 4.0
  private static let denoised = StepPorts().denoised.name

  /// `path` is a file whose name ends in `.png`, or a folder; `vae` shows latents in place of the model's own.
  ///
  /// Throws `FileError` for a name of another format.
  package init(path: String, vae: Model?) throws(FileError) {
    if let refusal = FileEnding.refusal(of: path, written: ["png"], kind: "a PNG picture") { throw refusal }
    self.path = path
    isFolder = FileManager.default.isFolder(path) || !path.lowercased().hasSuffix(".png")
    state = Mutex(State(colours: PreviewColours(given: vae)))
  }

  package func finished(_ node: ResolvedNode, outputs: [(any WireValue)?], tell: @escaping EventSink) {
    let declared = node.declaration.outputs
    for value in outputs {
      if let vae = value as? VAEHandle { state.withLock { $0.colours.note(vae) } }
    }
    guard let place = declared.firstIndex(where: { $0.name == Self.denoised }), place < outputs.count,
      let latent = outputs[place] as? Latent
    else { return }
    let sight = Sight(node: node.address, type: node.declaration.info.type, latent: latent.tensor, tell: tell)
    state.withLock { state in
      if isFolder { state.waiting.append(sight) } else { state.waiting = [sight] }
      startIfFree(&state)
    }
  }

  package func settle(isCancelled: Bool) {
    state.withLock { state in
      state.isEnding = true
      if isCancelled { state.waiting = [] }
    }
    if !isCancelled { queue.sync { showAll() } }
  }

  /// Nil when all went well and something was written.
  package var problem: String? {
    state.withLock { state in
      state.problem ?? (state.hasWritten ? nil : "no step ran whose latent could be shown, so nothing was written")
    }
  }

  private func startIfFree(_ state: inout State) {
    guard !state.isBusy, !state.waiting.isEmpty else { return }
    state.isBusy = true
    let rest = isFolder ? .zero : max(state.pause - .now, .zero)
    queue.asyncAfter(deadline: .now() + rest / .seconds(1)) { [self] in showAll() }
  }

  /// Shows what waits: all of it in a folder or at the end, else one, before the next pause.
  private func showAll() {
    while let (sight, colours) = next() {
      let start = ContinuousClock.now
      let problem = show(sight, colours)
      let used = ContinuousClock.now - start
      state.withLock { state in
        state.pause = .now + used * Self.restPerWork
        if let problem, state.problem == nil { state.problem = problem }
        if problem == nil { state.hasWritten = true }
      }
      guard isFolder || state.withLock({ $0.isEnding }) else { break }
    }
    state.withLock { state in
      state.isBusy = false
      startIfFree(&state)
    }
  }

  private func next() -> (Sight, PreviewColours)? {
    state.withLock { $0.waiting.isEmpty ? nil : ($0.waiting.removeFirst(), $0.colours) }
  }

  /// Writes one picture; gives what went wrong.
  private func show(_ sight: Sight, _ colours: PreviewColours) -> String? {
    do {
      let pictures = try colours.pictures(of: sight.latent).clamped(to: -1...1)
      let sheet = pictures.sideBySide
      let bytes = try PNG.encode(
        pixels: SavePNG.pixels(of: sheet), width: sheet.shape[3], height: sheet.shape[2])
      let file = isFolder ? "\(path.hasSuffix("/") ? path : path + "/")\(Self.fileName(sight.node)).png" : path
      try WholeFile.write(bytes, to: file, kind: .png)
      sight.tell(.preview(node: sight.node, type: sight.type, path: file))
      return nil
    } catch let error as FileError {
      return error.message
    } catch let error as NodeFailure {
      return error.message
    } catch let error as PNGError {
      return error.message
    } catch {
      return "\(error)"
    }
  }

  /// `sample[3]/next` as `sample-3.next`.
  private static func fileName(_ address: String) -> String {
    String(
      address.flatMap { character -> String in
        switch character {
        case "/": "."
        case "[": "-"
        case "]": ""
        default: character.isLetter || character.isNumber || "-_.".contains(character) ? String(character) : "_"
        }
      })
  }
}

extension FileManager {
  fileprivate func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}

extension Tensor {
  /// Pictures of a batch as one, near a square: [n, 3, h, w] -> [1, 3, rows h, columns w], black where there is none.
  fileprivate var sideBySide: Tensor {
    let (count, height, width) = (shape[0], shape[2], shape[3])
    if count == 1 { return self }
    let columns = Int(Double(count).squareRoot().rounded(.up))
    let rows = (count + columns - 1) / columns
    var sheet = Tensor(repeating: -1, shape: [1, 3, rows * height, columns * width])
    for index in 0..<count {
      sheet = sheet.pasting(sample(index), top: index / columns * height, left: index % columns * width, mask: nil)
    }
    return sheet
  }
}
