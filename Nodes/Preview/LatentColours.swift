import DiffusionModels
import Synchronization
import Tensors

/// The colours that latent pixels stand for, as a straight line from a latent's channels to red, green and blue.
///
/// A model's own autoencoder encodes a chart of coloured squares; the line is the one that comes nearest to the chart's colours
/// by least squares. Fine structure, which channels also stand for, it cannot show.
package struct LatentColours: Sendable {
  /// Factors of the channels, then a constant, for each colour: [3][c + 1].
  let lines: [[Double]]

  /// Latent pixels along a side of the chart, and along a side of one of its squares.
  private static let (side, square) = (16, 2)
  /// What is added to the squares' diagonal, of its mean: channels that a chart says nothing of count for nothing.
  private static let ridge = 1e-4

  package init(_ vae: any Autoencoder, channels: Int, pixels: Int) throws {
    let chart = Self.chart(pixels: pixels)
    let latent = vae.scaled(try vae.encode(chart).mean).channelsLast().values
    let cells = chart.resizedPicture(height: Self.side, width: Self.side, .area, in: -1...1).channelsLast().values
    let count = channels + 1
    var squares = [[Double]](repeating: Array(repeating: 0, count: count), count: count)
    var sums = [[Double]](repeating: Array(repeating: 0, count: count), count: 3)
    for cell in 0..<Self.side * Self.side {
      let row = latent[cell * channels..<(cell + 1) * channels].map(Double.init) + [1]
      for i in 0..<count {
        for j in 0..<count { squares[i][j] += row[i] * row[j] }
        for colour in 0..<3 { sums[colour][i] += row[i] * Double(cells[cell * 3 + colour]) }
      }
    }
    let mean = (0..<count).reduce(0.0) { $0 + squares[$1][$1] } / Double(count)
    for i in 0..<channels { squares[i][i] += Self.ridge * mean }
    lines = solve(squares, sums)
  }

  /// Latents [n, c, h, w] as pictures of as many pixels, [n, 3, h, w].
  package func picture(of latent: Tensor) -> Tensor {
    let (channels, plane) = (latent.shape[1], latent.shape[2] * latent.shape[3])
    return Tensor(shape: [latent.shape[0], 3, latent.shape[2], latent.shape[3]]) { target in
      latent.withUnsafeBufferPointer { source in
        for sample in 0..<latent.shape[0] {
          for (colour, line) in lines.enumerated() {
            for pixel in 0..<plane {
              let value = (0..<channels).reduce(line[channels]) {
                $0 + line[$1] * Double(source[(sample * channels + $1) * plane + pixel])
              }
              target[(sample * 3 + colour) * plane + pixel] = Float(value)
            }
          }
        }
      }
    }
  }

  /// Squares of colours drawn from the whole cube, [1, 3, h, w].
  private static func chart(pixels: Int) -> Tensor {
    let squares = side / square
    let colours = NormalStream(seed: 0, generator: .philox).draw(0, shape: [1, 3, squares, squares])
    return (0.6 * colours).clamped(to: -1...1)
      .resizedPicture(height: side * pixels, width: side * pixels, .nearest, in: -1...1)
  }
}

/// The lines of autoencoders that were asked for, each computed once.
final class KnownColours: Sendable {
  private let lines = Mutex<[Int: LatentColours]>([:])

  func value(_ channels: Int, _ make: () throws -> LatentColours) rethrows -> LatentColours {
    try lines.withLock { lines in
      if let known = lines[channels] { return known }
      let made = try make()
      lines[channels] = made
      return made
    }
  }
}

/// Solves `a x = b` for several b, with a symmetric and positive matrix, by Cholesky's method.
private func solve(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
  let count = a.count
  var lower = a
  for i in 0..<count {
    for j in 0...i {
      let sum = (0..<j).reduce(a[i][j]) { $0 - lower[i][$1] * lower[j][$1] }
      lower[i][j] = i == j ? max(sum, .leastNormalMagnitude).squareRoot() : sum / lower[j][j]
    }
  }
  return b.map { b in
    var x = b
    for i in 0..<count { x[i] = (0..<i).reduce(x[i]) { $0 - lower[i][$1] * x[$1] } / lower[i][i] }
    for i in (0..<count).reversed() { x[i] = (i + 1..<count).reduce(x[i]) { $0 - lower[$1][i] * x[$1] } / lower[i][i] }
    return x
  }
}
