import GraphEngine
import Testing

struct KeepingPolicyTests {
  static let large = 8 << 20
  /// What reading a large result back takes.
  static let reading = KeepingPolicy.readingPrice(large)

  @Test func whatIsQuickerToComputeThanToReadIsNotKept() {
    var policy = KeepingPolicy()
    let isQuickKept = policy.isWorthKeeping(0, bytes: Self.large, seconds: Self.reading / 2, inputs: [])
    #expect(!isQuickKept)
    #expect(policy.isUnkept(0))
    let isSlowKept = policy.isWorthKeeping(1, bytes: Self.large, seconds: Self.reading * 2, inputs: [])
    #expect(isSlowKept)
    #expect(!policy.isUnkept(1))
  }

  @Test func smallResultsAreKeptInAnyCase() {
    var policy = KeepingPolicy()
    let isSmallKept = policy.isWorthKeeping(0, bytes: KeepingPolicy.smallSize, seconds: 0, inputs: [])
    #expect(isSmallKept)
    let isLargeKept = policy.isWorthKeeping(1, bytes: KeepingPolicy.smallSize + 1, seconds: 0, inputs: [])
    #expect(!isLargeKept)
  }

  @Test func whatNeedsAModelIsKept() {
    var policy = KeepingPolicy()
    let isKept = policy.isWorthKeeping(1, bytes: Self.large, seconds: 0, inputs: [0])
    #expect(isKept, "nothing is known of node 0")
  }

  @Test func readingTheInputsCounts() {
    var policy = KeepingPolicy()
    policy.noteRead(0, bytes: Self.large)
    policy.noteRead(1, bytes: Self.large)
    let isKept = policy.isWorthKeeping(2, bytes: Self.large, seconds: 0, inputs: [0, 1])
    #expect(isKept, "two reads against one")
    policy.noteRead(3, bytes: 0)
    let isOneReadKept = policy.isWorthKeeping(4, bytes: Self.large, seconds: 0, inputs: [3])
    #expect(!isOneReadKept)
  }

  /// No value of a chain is further away than about one read, so that work can go on from any step.
  @Test func alongAChainOfQuickNodesOneIsKeptNowAndThen() {
    var policy = KeepingPolicy()
    let seconds = Self.reading / 5
    var price = 0.0
    var kept = 0
    for step in 0..<100 {
      let isKept = policy.isWorthKeeping(step, bytes: Self.large, seconds: seconds, inputs: step == 0 ? [] : [step - 1])
      price = isKept ? Self.reading : price + seconds
      kept += isKept ? 1 : 0
      #expect(price <= Self.reading * 1.0001)
    }
    #expect(kept > 10 && kept < 100)
  }
}
