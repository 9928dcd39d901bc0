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
    let channels = sampleBiases(samples: samples, channelBias: channelBias)
    return Tensor(shape: shape) { y in
      guard let y = y.baseAddress, !shape.contains(0) else { return }
      x.withUnsafePointer { x in
        withOptionalPointer(channels) { channels in
          withOptionalPointer(residual) { residual in
            for sample in 0..<samples {
              let first = sample * outHeight * outWidth * outputs
              convolve(
                x + sample * height * width * inputs, height: height, width: width,
                addends: Addends(
                  columns: channels.map { $0 + sample * outputs }, residual: residual.map { $0 + first },
                  residualStride: outputs),
                y: y + first, outHeight: outHeight, outWidth: outWidth)
            }
          }
        }
      }
    }
  }

  /// The bias of every sample, [n, out].
  private func sampleBiases(samples: Int, channelBias: Tensor?) -> Tensor? {
    let bias = bias?.reshaped([1, outputs]).repeated(samples)
    guard let channelBias else { return bias }
    return bias.map { $0 + channelBias } ?? channelBias
  }

  private func convolve(
    _ x: UnsafePointer<Float>, height: Int, width: Int, addends: Addends,
    y: UnsafeMutablePointer<Float>, outHeight: Int, outWidth: Int
  ) {
    let patches = PatchRows(of: self, height: height, width: width, outWidth: outWidth)
    let blocks = (outHeight + patches.rowsPerBlock - 1) / patches.rowsPerBlock
    let rowsPerBlock = (outHeight + blocks - 1) / blocks
    let panel = patches.areTheInput ? nil : AlignedStorage(count: patches.count(rows: rowsPerBlock))
    let depth = kernelWidth * inputs
    weight.withUnsafePointer { weight in
      for block in 0..<blocks {
        let top = block * rowsPerBlock
        let rows = min(rowsPerBlock, outHeight - top)
        guard rows > 0 else { return }
        if let panel { patches.fill(panel.elements, from: x, top: top, rows: rows) }
        let a = panel.map { UnsafePointer($0.elements) } ?? x + top * width * inputs
        let tiles = ProductTiles(rows: rows * outWidth, columns: outputs)
        let first = top * outWidth
        tiles.forEach(samples: 1) { _, tile in
          let origin = y + (first + tile.rows.lowerBound) * outputs + tile.columns.lowerBound
          let pixels = first + tile.rows.lowerBound..<first + tile.rows.upperBound
          addends.write(to: origin, stride: outputs, tile: .init(rows: pixels, columns: tile.columns))
          for ky in 0..<kernelHeight {
            MatrixProduct.multiplyTransposed(
              m: tile.rows.count, n: tile.columns.count, k: depth,
              a: a + patches.offset(ofKernelRow: ky, rows: rows) + tile.rows.lowerBound * depth, aStride: depth,
              b: weight + (tile.columns.lowerBound * kernelHeight + ky) * depth, bStride: kernelHeight * depth,
              c: origin, cStride: outputs, beta: ky == 0 && addends.isEmpty ? 0 : 1)
          }
        }
      }
    }
  }
}
