import DiffusionModels
import GraphEngine
import Safetensors
import Tensors

/// What ControlNets and adapters add inside a UNet, on a wire.
///
/// In the cache it is a safetensors file: `skips.0`, ... for the way up, `middle`, and `levels.0`, ... for the way down.
package struct Control: WireValue {
  package static let wireType = WireType("control")

  package let residuals: ControlResiduals

  package init(_ residuals: ControlResiduals) { self.residuals = residuals }

  private var named: [(name: String, tensor: Tensor)] {
    residuals.skips.enumerated().map { ("skips.\($0)", $1) } + (residuals.middle.map { [("middle", $0)] } ?? [])
      + residuals.levels.enumerated().map { ("levels.\($0)", $1) }
  }

  package var byteCount: Int { named.reduce(0) { $0 + $1.tensor.count * MemoryLayout<Float>.size } }
  package var isFinite: Bool { named.allSatisfy { $0.tensor.isFinite } }

  package func encoded() throws -> [UInt8] {
    var file = SafetensorsWriter()
    for (name, tensor) in named { file.add(name, tensor) }
    return file.bytes()
  }

  package init(decoding bytes: UnsafeRawBufferPointer) throws {
    let file = try SafetensorsReader(borrowing: bytes, source: "a cached control")
    func list(_ name: String) throws -> [Tensor] {
      var tensors: [Tensor] = []
      while file.info("\(name).\(tensors.count)") != nil { tensors.append(try file.tensor("\(name).\(tensors.count)")) }
      return tensors
    }
    self.init(
      ControlResiduals(
        skips: try list("skips"), middle: file.info("middle") == nil ? nil : try file.tensor("middle"),
        levels: try list("levels")))
  }
}
