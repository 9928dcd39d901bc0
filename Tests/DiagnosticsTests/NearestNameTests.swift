import Diagnostics
import Testing

struct NearestNameTests {
  @Test(arguments: [
    ("DDIMStp", "DDIMStep"),
    ("ddimstep", "DDIMStep"),
    ("Decoed", "Decode"),
    ("decdoe", "Decode"),
    ("TextEncoder", "TextEncode"),
  ])
  func findsSlips(_ written: String, _ meant: String) {
    #expect(nearestName(to: written, among: ["DDIMStep", "Decode", "Encode", "TextEncode"]) == meant)
  }

  @Test func keepsSilentWhenNothingIsNear() {
    #expect(nearestName(to: "banana", among: ["Decode", "DDIMStep"]) == nil)
    #expect(nearestName(to: "a", among: ["b", "c"]) == nil)
    #expect(nearestName(to: "", among: ["b"]) == nil)
  }

  @Test func aSwapOfNeighboursIsOneSlip() {
    #expect(nearestName(to: "ab", among: ["ba"]) == "ba")
    #expect(nearestName(to: "abcdef", among: ["badcfe", "xbcdex"]) == "xbcdex")
  }

  @Test func tiesGoToTheAlphabet() {
    #expect(nearestName(to: "stepz", among: ["stepy", "steps", "stepa"]) == "stepa")
  }

  @Test func neverSuggestsTheNameItself() {
    #expect(nearestName(to: "latent", among: ["latent"]) == nil)
  }
}
