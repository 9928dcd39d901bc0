/// Runs `body`; gives its result, and the seconds it took.
func timed<Value>(_ body: () throws -> Value) rethrows -> (Value, seconds: Double) {
  let clock = ContinuousClock()
  let start = clock.now
  let value = try body()
  return (value, (clock.now - start).seconds)
}

extension Duration {
  var seconds: Double { self / .seconds(1) }
}
