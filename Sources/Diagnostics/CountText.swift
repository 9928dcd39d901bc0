/// A number of things: `1 node`, `86 nodes`.
package func countText(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
