extension Tensor {
  /// Pictures [n, c, h, w] in -1...1 of another size, as Pillow's LANCZOS makes them of the bytes that they are cut down to: what
  /// ComfyUI does.
  ///
  /// There are bytes between the axes too. A picture of this size becomes one of bytes.
  package func resizedOnBytes(height: Int, width: Int) -> Tensor {
    // A byte that became a number and a number again may lie below it.
    let bytes = mapped { ($0 * 127.5 + (127.5 + 1 / 1024)).clamped(0, 255).rounded(.down) }
    func rounded(_ x: Tensor) -> Tensor { x.mapped { ($0 + 0.5).clamped(0, 255).rounded(.down) } }
    let filter = PictureFilter.lanczos
    func wide(_ x: Tensor) -> Tensor {
      width == x.shape[3] ? x : rounded(x.resampledColumns(filter.axis(from: x.shape[3], to: width)))
    }
    func high(_ x: Tensor) -> Tensor {
      height == x.shape[2] ? x : rounded(x.resampledRows(filter.axis(from: x.shape[2], to: height)))
    }
    // In the order of `resizedPicture`.
    let made = width > shape[3] && height < shape[2] ? wide(high(bytes)) : high(wide(bytes))
    return made.mapped { $0 * (1 / 127.5) - 1 }
  }

  /// Pictures [n, c, h, w] in -1...1 of another size, with the results of ComfyUI's filters: torch's `interpolate`, and of lanczos
  /// Pillow's on bytes.
  package func resizedAsComfyUI(height: Int, width: Int, _ filter: PictureFilter) -> Tensor {
    let same: LatentFilter? =
      switch filter {
      case .nearest: .nearestExact
      case .bilinear: .bilinear
      case .bicubic: .bicubic
      case .area: .area
      case .lanczos: nil
      }
    return same.map { resizedLatent(height: height, width: width, $0) } ?? resizedOnBytes(height: height, width: width)
  }
}
