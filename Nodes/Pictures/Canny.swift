import Foundation
import GraphEngine
import Tensors

/// Edges of pictures as white lines, for ControlNets that go by them: Canny 1986, with the numbers of kornia's `canny`, which is
/// ComfyUI's.
package struct Canny: Node {
  package static let info = NodeInfo(
    type: "Canny", version: 1, lane: .compute, summary: "Draws the edges of pictures as white lines on black.")

  let image = Input<Image>("image", "The pictures.")
  let low = Parameter(
    "low", "From which steepness on, of luminance in 0...1 by Sobel's filter, an edge goes on that began elsewhere.",
    default: 0.4, min: 0, max: 8)
  let high = Parameter("high", "From which steepness on an edge begins.", default: 0.8, min: 0, max: 8)
  let edges = Output<Image>("image", "The edges, one pixel wide.")

  package init() {}

  package func run(_ io: inout NodeIO) throws {
    guard io[low] <= io[high] else {
      throw NodeFailure("low is \(io[low]), which is above high, \(io[high])", at: low.name)
    }
    let pictures = io[image].halves
    io[edges] = Image(
      Tensor(
        concatenating: (0..<pictures.shape[0]).map { index in
          let slopes = Slopes(pictures.sample(index).luminance)
          let line = slopes.edges(low: Float(io[low]), high: Float(io[high]))
          return Tensor(concatenating: [line, line, line]).reshaped([1, 3, slopes.height, slopes.width])
        }))
  }
}

/// How steep a picture is, and which way.
private struct Slopes {
  let height, width: Int
  private let magnitudes: [Float]
  /// In eighths of a turn, from the right on downwards.
  private let directions: [Int]

  /// Takes a luminance [1, 1, h, w], which a Gaussian of deviation 1 over five pixels makes smooth.
  init(_ luminance: Tensor) {
    (height, width) = (luminance.shape[2], luminance.shape[3])
    let smooth = luminance.resampledColumns(.smoothing(count: width)).resampledRows(.smoothing(count: height)).values
    let (height, width) = (height, width)
    func at(_ y: Int, _ x: Int) -> Float { smooth[min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)] }
    var (magnitudes, directions): ([Float], [Int]) = ([], [])
    for y in 0..<height {
      for x in 0..<width {
        var (across, down): (Float, Float) = (0, 0)
        for (offset, weight) in [(-1, 1), (0, 2), (1, 1)] as [(Int, Float)] {
          across += weight * (at(y + offset, x + 1) - at(y + offset, x - 1))
          down += weight * (at(y + 1, x + offset) - at(y - 1, x + offset))
        }
        magnitudes.append((across * across + down * down + 1e-6).squareRoot())
        let eighths = Int((atan2(down, across) * 4 / .pi).rounded(.toNearestOrEven))
        directions.append((eighths + 8) % 8)
      }
    }
    (self.magnitudes, self.directions) = (magnitudes, directions)
  }

  /// 1 where the picture is steepest along its slope and steep enough, or goes on with what is; else -1: [1, 1, h, w].
  func edges(low: Float, high: Float) -> Tensor {
    let ridge = magnitudes.indices.map { isSteepest($0) ? magnitudes[$0] : 0 }
    var lines = [Float](repeating: -1, count: ridge.count)
    var rest = ridge.indices.filter { ridge[$0] > high }
    for place in rest { lines[place] = 1 }
    while let place = rest.popLast() {
      for direction in 0..<8 {
        guard let next = neighbour(of: place, direction), lines[next] < 0, ridge[next] > low else { continue }
        lines[next] = 1
        rest.append(next)
      }
    }
    return Tensor(shape: [1, 1, height, width], values: lines)
  }

  /// Of two equal neighbours the left or the upper one is.
  private func isSteepest(_ place: Int) -> Bool {
    [0, 4].allSatisfy { turn in
      let direction = (directions[place] + turn) % 8
      let other = neighbour(of: place, direction).map { magnitudes[$0] } ?? 0
      return direction == 0 || direction == 2 ? magnitudes[place] >= other : magnitudes[place] > other
    }
  }

  private func neighbour(of place: Int, _ direction: Int) -> Int? {
    let (dy, dx) = [(0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1)][direction]
    let (y, x) = (place / width + dy, place % width + dx)
    return (0..<height).contains(y) && (0..<width).contains(x) ? y * width + x : nil
  }
}

extension AxisFilter {
  /// A Gaussian of deviation 1 over five samples, mirrored at the ends.
  fileprivate static func smoothing(count: Int) -> AxisFilter { .gaussian(deviation: 1, reach: 2, mirrored: count) }
}
