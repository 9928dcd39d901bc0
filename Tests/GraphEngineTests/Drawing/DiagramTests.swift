import Foundation
import FoundationXML
import GraphEngine
import Testing

/// What is drawn, and that nothing lies on anything else.
struct DiagramTests {
  /// A loop of three with two steps each, fed from outside, and a step after it.
  func plan(iterations: Int = 3) throws -> Plan {
    var toy = ToyGraph()
    toy.add("start", "Constant", with: ["value": .float(1)])
    toy.add("<&\">\u{1}", "Constant", with: ["value": .float(2)])
    var carry = "start"
    for index in 0..<iterations {
      toy.add("sample[\(index)]/add", "Add", in: ["a": carry, "b": "<&\">\u{1}"])
      toy.add("sample[\(index)]/next", "Add", in: ["a": "sample[\(index)]/add", "b": carry])
      carry = "sample[\(index)]/next"
    }
    toy.add("last", "Add", in: ["a": carry])
    return try makePlan(toy.graph(targets: ["last"]), cache: nil, numerics: "test")
  }

  @Test func dotFoldsALoopIntoACluster() throws {
    #expect(
      DOTDrawing(Diagram(try plan(), isUnrolled: false)).text == #"""
        digraph "toy.yaml" {
          node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];
          edge [color="#6c757d", arrowsize=0.7];
          n0 [label="start\nConstant", color="#d9480f", fillcolor="#fff0e4"];
          n1 [label="<&\">\#u{1}\nConstant", color="#d9480f", fillcolor="#fff0e4"];
          n4 [label="last\nAdd", color="#d9480f", fillcolor="#fff0e4"];
          subgraph cluster_0 {
            label="sample × 3";
            n2 [label="add\nAdd", color="#d9480f", fillcolor="#fff0e4"];
            n3 [label="next\nAdd", color="#d9480f", fillcolor="#fff0e4"];
          }
          n0 -> n2;
          n1 -> n2;
          n2 -> n3;
          n0 -> n3;
          n3 -> n4;
          n3 -> n2 [style=dashed, color="#a61e4d", constraint=false];
          n3 -> n3 [style=dashed, color="#a61e4d", constraint=false];
          label="would run: 9, dashed: from one iteration to the next, × n: a loop of n iterations";
        }

        """#)
  }

  @Test func aLargeGraphFoldsItsLoopsAndSubgraphs() throws {
    func graph(_ nodes: Int) throws -> Plan {
      var toy = ToyGraph()
      for index in 0..<nodes { toy.add("part/n\(index)", "Constant", with: ["value": .float(Double(index))]) }
      for index in 0..<4 {
        toy.add("loop[\(index)]/step", "Add", in: ["a": index == 0 ? "part/n0" : "loop[\(index - 1)]/step"])
      }
      toy.add("last", "Add", in: ["a": "loop[3]/step"])
      return try makePlan(toy.graph(targets: ["last"]), cache: nil, numerics: "test")
    }
    func boxes(_ nodes: Int, isUnrolled: Bool = false) throws -> Int {
      DOTDrawing(Diagram(try graph(nodes), isUnrolled: isUnrolled)).text.split(separator: "\n").count {
        $0.contains("fillcolor=")
      }
    }
    #expect(try boxes(58) == 60)
    #expect(try boxes(59) == 3)
    #expect(try boxes(59, isUnrolled: true) == 59 + 4 + 1)
    let text = DOTDrawing(Diagram(try graph(59), isUnrolled: false)).text
    #expect(text.contains(#"[label="part\n59 nodes""#) && text.contains(#"[label="loop × 4\n1 node""#), "\(text)")
    #expect(text.contains("n nodes: a loop or subgraph as one box"))
    #expect(!text.contains("dashed"))
    #expect(SVGDrawing(Diagram(try graph(59), isUnrolled: false)).text.contains("see --expand"))
  }

  /// Numbers are written to a tenth.
  static func holds(_ outer: CGRect, _ inner: CGRect) -> Bool {
    outer.minX <= inner.minX + 0.2 && inner.maxX <= outer.maxX + 0.2 && outer.minY <= inner.minY + 0.2
      && inner.maxY <= outer.maxY + 0.2
  }

  @Test(arguments: [(false, 3), (true, 3), (true, 60)])
  func theSVGIsWellFormedAndBoxesAreApart(_ isUnrolled: Bool, _ iterations: Int) throws {
    let text = SVGDrawing(Diagram(try plan(iterations: iterations), isUnrolled: isUnrolled)).text
    let reader = SVGReader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(reader.boxes.count == (isUnrolled ? 3 + 2 * iterations : 5))
    #expect(reader.clusters.count == (isUnrolled ? iterations : 1))
    #expect(reader.texts.contains("<&\">\u{fffd}"))
    #expect(reader.texts.contains(isUnrolled ? "sample[2]" : "sample × 3"))
    for (number, box) in reader.boxes.enumerated() {
      #expect(Self.holds(reader.page, box), "\(box) is off the page")
      for other in reader.boxes[(number + 1)...] { #expect(!box.intersects(other), "\(box) lies on \(other)") }
      for cluster in reader.clusters where box.intersects(cluster) {
        #expect(Self.holds(cluster, box), "\(box) is across the border of \(cluster)")
      }
    }
    for (number, cluster) in reader.clusters.enumerated() {
      for other in reader.clusters[(number + 1)...] { #expect(!cluster.intersects(other)) }
    }
  }
}

private final class SVGReader: NSObject, XMLParserDelegate {
  private(set) var boxes: [CGRect] = []
  private(set) var clusters: [CGRect] = []
  private(set) var page = CGRect.zero
  private(set) var texts: [String] = []
  private var text = ""

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String] = [:]
  ) {
    func number(_ key: String) -> Double { attributes[key].flatMap(Double.init) ?? 0 }
    let frame = CGRect(x: number("x"), y: number("y"), width: number("width"), height: number("height"))
    if name == "svg" { page = frame }
    if name == "rect", attributes["rx"] == "7" { boxes.append(frame) }
    if name == "rect", attributes["rx"] == "10" { clusters.append(frame) }
    text = ""
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
    if name == "text" { texts.append(text) }
  }
}
