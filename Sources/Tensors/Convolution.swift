/// A two-dimensional convolution on channels-last images, as torch.nn.Conv2d.
package struct Conv2d: Sendable {
  /// Zeros around the image, in pixels.
  package struct Padding: Sendable, Equatable, ExpressibleByIntegerLiteral {
    package let top, left, bottom, right: Int

    package init(top: Int, left: Int, bottom: Int, right: Int) {
      (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
    }
    package init(_ all: Int) { self.init(top: all, left: all, bottom: all, right: all) }
    package init(integerLiteral value: Int) { self.init(value) }

    /// One pixel below and on the right: what AutoencoderKL's encoder puts before its strided convolutions.
    package static let bottomRight = Padding(top: 0, left: 0, bottom: 1, right: 1)
  }

  package let inputs: Int
  package let outputs: Int
  package let kernelHeight: Int
  package let kernelWidth: Int
  package let stride: Int
  package let padding: Padding
  private let weight: Tensor  // [out, kh, kw, in]
  private let bias: Tensor?  // [out]

  /// Takes a weight [out, in, kh, kw] and a bias [out].
  package init(weight: WeightSource, bias: Tensor? = nil, stride: Int = 1, padding: Padding = 0) throws {
    precondition(weight.shape.count == 4, "a convolution's weight is [out, in, kh, kw], not \(weight.shape)")
    let (outputs, inputs) = (weight.shape[0], weight.shape[1])
    let taps = weight.shape[2] * weight.shape[3]
    precondition(bias == nil || bias?.shape == [outputs], "bias of a convolution with \(outputs) outputs")
    self.weight = try Tensor(shape: [outputs, taps, inputs]) { packed in
      let row = UnsafeMutableBufferPointer<Float>.allocate(capacity: inputs * taps)
      defer { row.deallocate() }
      for output in 0..<outputs {
        try weight.readRows(output..<output + 1, row)
        for tap in 0..<taps {
          for input in 0..<inputs { packed[(output * taps + tap) * inputs + input] = row[input * taps + tap] }
        }
      }
    }
    self.bias = bias
    (self.inputs, self.outputs, self.stride, self.padding) = (inputs, outputs, stride, padding)
    (kernelHeight, kernelWidth) = (weight.shape[2], weight.shape[3])
  }

  package init(weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = 0) {
    // Reading a tensor never throws.
    do {
      try self.init(weight: WeightSource(weight), bias: bias, stride: stride, padding: padding)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The size of the output image for an input image.
  package func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
    (
      (height + padding.top + padding.bottom - kernelHeight) / stride + 1,
      (width + padding.left + padding.right - kernelWidth) / stride + 1
    )
  }

  /// [n, h, w, in] -> [n, h', w', out], plus `channelBias` [n, out] and `residual` [n, h', w', out] if given.
  package func callAsFunction(_ x: Tensor, channelBias: Tensor? = nil, residual: Tensor? = nil) -> Tensor {
    precondition(x.shape.count == 4 && x.shape[3] == inputs, "\(x.shape) into a convolution of \(inputs) channels")
    let (samples, height, width) = (x.shape[0], x.shape[1], x.shape[2])
    let (outHeight, outWidth) = outputSize(height: height, width: width)
    let shape = [samples, outHeight, outWidth, outputs]
    precondition(channelBias == nil || channelBias?.shape == [samples, outputs], "channel bias is [n, out]")
    precondition(residual == nil || residual?.shape == shape, "residual of another shape than \(shape)")
    let depth = kernelHeight * kernelWidth * inputs
    return Tensor(shape: shape) { y in
      let panel = UnsafeMutableBufferPointer<Float>.allocate(capacity: outWidth * depth)
      defer { panel.deallocate() }
      for sample in 0..<samples {
        for row in 0..<outHeight {
          panel.update(repeating: 0)
          x.withUnsafeBufferPointer { x in
            for column in 0..<outWidth {
              for ky in 0..<kernelHeight {
                for kx in 0..<kernelWidth {
                  let (iy, ix) = (row * stride + ky - padding.top, column * stride + kx - padding.left)
                  guard iy >= 0, iy < height, ix >= 0, ix < width else { continue }
                  let source = ((sample * height + iy) * width + ix) * inputs
                  let target = column * depth + (ky * kernelWidth + kx) * inputs
                  for c in 0..<inputs { panel[target + c] = x[source + c] }
                }
              }
            }
          }
          let base = (sample * outHeight + row) * outWidth * outputs
          weight.withUnsafeBufferPointer { weight in
            MatrixProduct.multiplyTransposed(
              m: outWidth, n: outputs, k: depth, a: panel.baseAddress!, aStride: depth, b: weight.baseAddress!,
              bStride: depth, c: y.baseAddress! + base, cStride: outputs)
          }
          for i in 0..<outWidth * outputs {
            let c = i % outputs
            if let bias { y[base + i] += bias.withUnsafeBufferPointer { $0[c] } }
            if let channelBias { y[base + i] += channelBias.withUnsafeBufferPointer { $0[sample * outputs + c] } }
            if let residual { y[base + i] += residual.withUnsafeBufferPointer { $0[base + i] } }
          }
        }
      }
    }
  }
}
