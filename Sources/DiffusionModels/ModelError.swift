/// A model folder, config or input that cannot be used, told in one plain message that names the file.
package struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
  package let message: String

  package init(_ message: String) { self.message = message }

  package var description: String { message }
}
