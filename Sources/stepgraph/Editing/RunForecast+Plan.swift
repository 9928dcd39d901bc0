import Foundation
import GraphEngine
import LanguageServer
import StepgraphNodes

extension RunForecast {
  init(_ plan: Plan, cache: DiskCache) {
    let manifests = cache.recentManifests()
    let seconds = ExpectedTimes(of: plan, from: manifests).seconds
    let path = URL(filePath: plan.graph.path).resolvingSymlinksInPath().path
    let last = manifests.first { $0.path == path }
    let before = Dictionary((last?.nodes ?? []).map { ($0.node, $0) }, uniquingKeysWith: { $1 })
    var parts: [String: Part] = [:]
    var whole = Part()
    for index in plan.graph.nodes.indices {
      let address = plan.graph.nodes[index].address
      func note(_ part: inout Part) {
        part.note(plan, index, seconds: seconds[index], before: before[address])
      }
      note(&whole)
      let place = FoldedAddress(address).text
      note(&parts[place, default: Part()])
      for slash in place.indices where place[slash] == "/" { note(&parts[String(place[..<slash]), default: Part()]) }
    }
    let thumbnails = Thumbnails(plan, cache: cache)
    self.init(parts: parts, whole: whole, picture: { thumbnails.picture(at: $0) })
  }
}

extension RunForecast.Part {
  fileprivate mutating func note(_ plan: Plan, _ index: Int, seconds expected: Double?, before: RunManifest.Node?) {
    count += 1
    if reason.isEmpty || runCount == 0 && plan.nodes[index].action == .run {
      reason = plan.reason(for: index)
      address = plan.graph.nodes[index].address
    }
    switch plan.nodes[index].action {
    case .run:
      runCount += 1
      seconds = seconds.flatMap { sum in expected.map { sum + $0 } }
    case .hit: hitCount += 1
    case .shared, .open, .skip: break
    }
    guard let before else { return }
    lastSource = lastSource ?? before.source
    if let seconds = before.seconds { lastSeconds = (lastSeconds ?? 0) + seconds }
  }
}
