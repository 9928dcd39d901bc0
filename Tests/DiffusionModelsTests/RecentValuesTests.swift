import DiffusionModels
import Testing

struct RecentValuesTests {
  @Test func theOldestGoWhenAllAreTooLarge() {
    var made: [String] = []
    let recent = RecentValues<String, [Int]>(byteLimit: 6) { $0.count }
    func get(_ key: String, _ size: Int = 2) -> [Int] {
      recent.value(for: key) {
        made.append(key)
        return Array(repeating: size, count: size)
      }
    }
    for key in ["a", "b", "c", "a", "d"] { #expect(get(key) == [2, 2]) }
    #expect(made == ["a", "b", "c", "d"], "the second a was at hand")
    _ = get("a")
    _ = get("c")
    _ = get("b")
    #expect(made == ["a", "b", "c", "d", "b"], "b was used before all others, and went for d")
    #expect(get("large", 7).count == 7)
    #expect(get("large", 7).count == 7)
    #expect(made.suffix(2) == ["large", "large"], "what is too large by itself is not kept")
    _ = get("c")
    #expect(made.count == 7, "nor does it drive others out")
  }
}
