/// A file of weights that cannot be read, written or used, told in one plain message that names the file and the tensor.
package struct WeightFileError: Error, Sendable, Equatable, CustomStringConvertible {
  package let message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}
