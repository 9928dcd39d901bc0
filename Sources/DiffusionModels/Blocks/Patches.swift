import Tensors

/// How squares of a latent become tokens.
enum PatchOrder {
  /// Channel, row, column, as in FLUX's `_pack_latents`.
  case channelsFirst
  /// Row, column, channel, as in Z-Image's `_patchify_image`.
  case channelsLast
}

extension Tensor {
  /// Squares as tokens, row by row: [n, c, h, w] -> [n, h / size * w / size, size * size * c].
  func patches(_ size: Int, _ order: PatchOrder) -> Tensor {
    let place = PatchPlaces(channels: shape[1], height: shape[2], width: shape[3], size: size, order: order)
    return Tensor(shape: [shape[0], place.rows * place.columns, place.depth]) { tokens in
      withUnsafeBufferPointer { latent in
        place.forEach(samples: shape[0]) { token, pixel in tokens[token] = latent[pixel] }
      }
    }
  }

  /// Tokens as a latent of this height and width: the way back.
  func unpatched(_ size: Int, _ order: PatchOrder, height: Int, width: Int) -> Tensor {
    let channels = shape[2] / (size * size)
    let place = PatchPlaces(channels: channels, height: height, width: width, size: size, order: order)
    return Tensor(shape: [shape[0], channels, height, width]) { latent in
      withUnsafeBufferPointer { tokens in
        place.forEach(samples: shape[0]) { token, pixel in latent[pixel] = tokens[token] }
      }
    }
  }
}

/// Which number of a token is which of a latent.
private struct PatchPlaces {
  let channels, height, width, size: Int
  let order: PatchOrder

  var rows: Int { height / size }
  var columns: Int { width / size }
  var depth: Int { channels * size * size }

  func forEach(samples: Int, _ body: (_ token: Int, _ pixel: Int) -> Void) {
    for sample in 0..<samples {
      for channel in 0..<channels {
        for y in 0..<height {
          for x in 0..<width {
            let token = (sample * rows + y / size) * columns + x / size
            let square = y % size * size + x % size
            let place = order == .channelsFirst ? channel * size * size + square : square * channels + channel
            body(token * depth + place, ((sample * channels + channel) * height + y) * width + x)
          }
        }
      }
    }
  }
}
