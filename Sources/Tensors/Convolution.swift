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
  package private(set) var padding: Padding
  let weight: PackedWeight
  private let bias: Tensor?  // [out]

  /// Takes a weight [out, in, kh, kw] and a bias [out]; throws what reading the weight throws.
  package init(
    weight: WeightSource, bias: Tensor? = nil, stride: Int = 1, padding: Padding = 0, precision: Precision = .f32
  ) throws {
    precondition(weight.shape.count == 4, "a convolution's weight is [out, in, kh, kw], not \(weight.shape)")
    (outputs, inputs) = (weight.shape[0], weight.shape[1])
    (kernelHeight, kernelWidth) = (weight.shape[2], weight.shape[3])
    precondition(bias == nil || bias?.shape == [outputs], "bias of a convolution with \(outputs) outputs")
    self.weight = try PackedWeight(weight, precision: precision)
    (self.bias, self.stride, self.padding) = (bias, stride, padding)
  }

  package init(
    weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Padding = 0, precision: Precision = .f32
  ) {
    // Reading a tensor never throws.
    do {
      try self.init(
        weight: WeightSource(weight), bias: bias, stride: stride, padding: padding, precision: precision)
    } catch {
      preconditionFailure("\(error)")
    }
  }

  /// The same layer with other zeros around the image, such as those of a part of one.
  package func padded(_ padding: Padding) -> Conv2d {
    var layer = self
    layer.padding = padding
    return layer
  }

  /// The size of the output image for an input image.
  package func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
    (
      (height + padding.top + padding.bottom - kernelHeight) / stride + 1,
      (width + padding.left + padding.right - kernelWidth) / stride + 1
    )
  }

  /// [n, h, w, in] -> [n, h', w', out], plus `channelBias` [n, out] and `residual` [n, h', w', out] if given.
  ///
  /// The method follows from the size of one sample alone.
  package func callAsFunction(_ x: Tensor, channelBias: Tensor? = nil, residual: Tensor? = nil) -> Tensor {
    self(ImageRows(x), channelBias: channelBias, residual: residual)
  }

  /// As for a tensor; a large image is made a few rows at a time.
  package func callAsFunction(_ x: ImageRows, channelBias: Tensor? = nil, residual: Tensor? = nil) -> Tensor {
    precondition(x.shape.count == 4 && x.shape[3] == inputs, "\(x.shape) into a convolution of \(inputs) channels")
    let samples = x.shape[0]
    let (outHeight, outWidth) = outputSize(height: x.shape[1], width: x.shape[2])
    let shape = [samples, outHeight, outWidth, outputs]
    precondition(channelBias == nil || channelBias?.shape == [samples, outputs], "channel bias is [n, out]")
    precondition(residual == nil || residual?.shape == shape, "residual of another shape than \(shape)")
    let channels = sampleBiases(samples: samples, channelBias: channelBias)
    let image = ConvolutionImage(
      height: x.shape[1], width: x.shape[2], channels: inputs, outHeight: outHeight, outWidth: outWidth)
    let isWinograd = WinogradConvolution.suits(self, image)
    var work = weight.work(rows: samples * outHeight * outWidth)
    work.floats = x.shape.reduce(1, *) + shape.reduce(1, *) + weight.storedFloats
    if isWinograd { work.products = work.operations / 4 }
    return Profile.measure(isWinograd ? .winograd : .convolution, work) {
      convolve(x, channels: channels, residual: residual, image: image, isWinograd: isWinograd, shape: shape)
    }
  }

  private func convolve(
    _ x: ImageRows, channels: Tensor?, residual: Tensor?, image: ConvolutionImage, isWinograd: Bool, shape: [Int]
  ) -> Tensor {
    let x = isWinograd || weight.precision == .bf16 ? x : ImageRows(x.tensor)
    return Tensor(shape: shape) { y in
      guard let y = y.baseAddress, !shape.contains(0) else { return }
      withOptionalPointer(channels) { channels in
        withOptionalPointer(residual) { residual in
          for sample in 0..<shape[0] {
            let first = sample * image.outHeight * image.outWidth * outputs
            let addends = Addends(
              columns: channels.map { $0 + sample * outputs }, residual: residual.map { $0 + first },
              residualStride: outputs)
            if isWinograd {
              WinogradConvolution(self, image).convolve(x, sample: sample, addends: addends, y: y + first)
            } else {
              DirectConvolution(layer: self, image: image).convolve(x, sample: sample, addends: addends, y: y + first)
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
}

/// The sizes of one sample of a convolution.
struct ConvolutionImage {
  let height, width, channels: Int
  let outHeight, outWidth: Int
}
