/// What lies beyond a picture's sides when it is padded.
package enum PictureBorder: Sendable, Equatable {
  case constant(Float)
  /// The pixels of the side, again and again.
  case edge
  /// The picture as mirrors at its outermost pixels show it.
  case reflect

  /// The place of a picture's `count` samples that stands for `place`, which may lie outside; nil for the constant.
  fileprivate func source(of place: Int, count: Int) -> Int? {
    if (0..<count).contains(place) { return place }
    switch self {
    case .constant: return nil
    case .edge: return place < 0 ? 0 : count - 1
    case .reflect:
      let period = max(2 * (count - 1), 1)
      let folded = ((place % period) + period) % period
      return min(folded, period - folded) % count
    }
  }
}

extension Tensor {
  /// A part of every plane, which must lie inside: [n, c, h, w] -> [n, c, height, width].
  package func region(top: Int, left: Int, height: Int, width: Int) -> Tensor {
    precondition(shape.count == 4 && top >= 0 && left >= 0 && height > 0 && width > 0)
    precondition(
      top + height <= shape[2] && left + width <= shape[3], "\(top), \(left), \(height)x\(width) of \(shape)")
    return padded(top: -top, left: -left, height: height, width: width, .edge)
  }

  /// A window of any size around a picture: [n, c, h, w] -> [n, c, height, width], whose first pixel lies `top` above and
  /// `left` before the picture's.
  package func padded(top: Int, left: Int, height: Int, width: Int, _ border: PictureBorder) -> Tensor {
    precondition(shape.count == 4 && count > 0, "\(shape) is not [n, c, h, w]")
    let (h, w) = (shape[2], shape[3])
    let columns = (0..<width).map { border.source(of: $0 - left, count: w) ?? -1 }
    var constant: Float = 0
    if case .constant(let value) = border { constant = value }
    return Tensor(shape: [shape[0], shape[1], height, width]) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { source in
        Parallel.forEach(shape[0] * shape[1] * height) { place in
          let row = target + place * width
          guard let from = border.source(of: place % height - top, count: h) else {
            return row.update(repeating: constant, count: width)
          }
          let pixels = source + (place / height * h + from) * w
          for column in 0..<width { row[column] = columns[column] < 0 ? constant : pixels[columns[column]] }
        }
      }
    }
  }

  /// `(1 - mask) self + mask other`, to the bit one of them where the mask is 0 or 1.
  ///
  /// `other` is [1 or n, c, h, w], the mask [1 or n, 1, h, w]; one sample stands for all.
  package func mixed(with other: Tensor, by mask: Tensor) -> Tensor {
    precondition(shape.dropFirst() == other.shape.dropFirst() && mask.shape.dropFirst() == [1, shape[2], shape[3]])
    precondition([1, shape[0]].contains(other.shape[0]) && [1, shape[0]].contains(mask.shape[0]))
    let (channels, plane) = (shape[1], shape[2] * shape[3])
    let (otherStep, maskStep) = (other.shape[0] == 1 ? 0 : channels * plane, mask.shape[0] == 1 ? 0 : plane)
    return Tensor(shape: shape) { target in
      guard let target = target.baseAddress else { return }
      withUnsafePointer { own in
        other.withUnsafePointer { other in
          mask.withUnsafePointer { mask in
            Parallel.forEach(shape[0] * channels) { place in
              let (sample, channel) = (place / channels, place % channels)
              let (a, to, m) = (own + place * plane, target + place * plane, mask + sample * maskStep)
              let b = other + sample * otherStep + channel * plane
              for i in 0..<plane { to[i] = (1 - m[i]) * a[i] + m[i] * b[i] }
            }
          }
        }
      }
    }
  }

  /// `source` laid on this with its first pixel at a place, mixed by a mask of its size; what hangs over is cut off.
  package func pasting(_ source: Tensor, top: Int, left: Int, mask: Tensor?) -> Tensor {
    let (first, last) = (max(top, 0), min(top + source.shape[2], shape[2]))
    let (begin, end) = (max(left, 0), min(left + source.shape[3], shape[3]))
    guard first < last, begin < end else { return self }
    func placed(_ tensor: Tensor) -> Tensor {
      tensor.padded(top: top, left: left, height: shape[2], width: shape[3], .constant(0))
    }
    let whole = mask ?? Tensor(repeating: 1, shape: [1, 1, source.shape[2], source.shape[3]])
    return mixed(with: placed(source), by: placed(whole))
  }
}
