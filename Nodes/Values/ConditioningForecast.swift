/// What is known of a conditioning before a text is encoded.
package struct ConditioningForecast: Sendable {
  /// Numbers of a state.
  let width: Int
}
