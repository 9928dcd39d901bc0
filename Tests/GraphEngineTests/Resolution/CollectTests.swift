import GraphEngine
import Testing

/// A loop that makes a picture in each iteration, and what takes them.
private func workflow(_ loop: String, more: String = "grid: {node: Grid, in: {images: [each.picture]}}") -> ToyFiles {
  ToyFiles(
    """
    stepgraph: 1
    params: {count: {type: int, default: 3}}
    nodes:
      start: {node: Start}
      each:
        loop: {times: $(count), index: i}
        carry: {latent: start}
        nodes:
          next: {node: Step, in: {latent: carry.latent}, with: {step: $(i)}}
          image: {node: Decode, in: {latent: next.latent}}
        yield: {latent: next.latent}
        \(loop)
      \(more)
    outputs: {latent: each.latent}
    """)
}

private let collect = "collect: {picture: image}"

struct CollectTests {
  @Test func aPortForSeveralTakesWhatEveryIterationGives() throws {
    let graph = try workflow(collect).resolve()
    #expect(
      graph.outline == [
        "start = Start()",
        "each[0]/next = Step(latent: start, step=0)",
        "each[0]/image = Decode(latent: each[0]/next.latent)",
        "each[1]/next = Step(latent: each[0]/next.latent, step=1)",
        "each[1]/image = Decode(latent: each[1]/next.latent)",
        "each[2]/next = Step(latent: each[1]/next.latent, step=2)",
        "each[2]/image = Decode(latent: each[2]/next.latent)",
        "grid = Grid(images: each[0]/image+each[1]/image+each[2]/image)",
      ])
    #expect(graph.warnings.isEmpty)
  }

  @Test func aListStandsAmongOtherWires() throws {
    let more = """
      first: {node: Decode, in: {latent: start}}
        grid: {node: Grid, in: {images: [first, each.picture, first]}}
        alone: {node: Grid, in: {images: each.picture}}
      """
    let outline = try workflow(collect, more: more).set("count", "1").resolve().outline
    #expect(
      outline.suffix(2) == ["grid = Grid(images: first+each[0]/image+first)", "alone = Grid(images: each[0]/image)"])
  }

  @Test func listsOfListsAreJoined() throws {
    let graph = try ToyFiles(
      """
      stepgraph: 1
      nodes:
        start: {node: Start}
        rows:
          loop: {times: 2, index: i}
          nodes:
            cells:
              loop: {times: 2, index: j}
              nodes: {image: {node: Decode, in: {latent: start}}}
              collect: {picture: image}
            row: {node: Grid, in: {images: cells.picture}}
          collect: {pictures: cells.picture, rows: row}
        all: {node: Grid, in: {images: [rows.pictures]}}
        sheet: {node: Grid, in: {images: [rows.rows]}}
      """
    ).target("all").target("sheet").resolve()
    #expect(
      graph.outline.suffix(2) == [
        "all = Grid(images: rows[0]/cells[0]/image+rows[0]/cells[1]/image+rows[1]/cells[0]/image+rows[1]/cells[1]/image)",
        "sheet = Grid(images: rows[0]/row+rows[1]/row)",
      ])
  }

  @Test func listsGoThroughSubgraphsAndOutputs() throws {
    let files = ToyFiles([
      "g.yaml": """
      stepgraph: 1
      nodes:
        start: {node: Start}
        steps: {graph: s.yaml, in: {latent: start}, with: {count: 2}}
        more: {node: Decode, in: {latent: start}}
        sheet: {graph: sheet.yaml, in: {images: [steps.pictures, more]}}
        again: {graph: sheet.yaml, in: {images: more}}
      outputs: {sheet: sheet.image, again: again.image, pictures: steps.pictures}
      """,
      "s.yaml": """
      stepgraph: 1
      params: {count: {type: int}}
      inputs: {latent: {type: latent}}
      nodes:
        each:
          loop: {times: $(count), index: i}
          nodes: {image: {node: Decode, in: {latent: inputs.latent}}}
          collect: {picture: image}
      outputs: {pictures: each.picture}
      """,
      "sheet.yaml": """
      stepgraph: 1
      inputs: {images: {type: [image]}}
      nodes: {grid: {node: Grid, in: {images: [inputs.images]}}}
      outputs: {image: grid}
      """,
    ])
    let graph = try files.resolve()
    #expect(
      graph.outline.suffix(3) == [
        "more = Decode(latent: start)",
        "sheet/grid = Grid(images: steps/each[0]/image+steps/each[1]/image+more)", "again/grid = Grid(images: more)",
      ])
    #expect(Set(graph.outputs.keys) == ["sheet", "again", "pictures[0]", "pictures[1]"])
    // The picture's own workflow says the same.
    let again = try ToyFiles(graph.workflow).resolve()
    #expect(again.outline == graph.outline)
    #expect(again.workflow == graph.workflow)
  }

  @Test func theWorkflowIsWrittenAgain() throws {
    let graph = try workflow(collect).resolve()
    #expect(graph.workflow.contains("    collect: {picture: image}\n"))
    #expect(try ToyFiles(graph.workflow).resolve().outline == graph.outline)
  }

  @Test(arguments: [
    (
      collect, "look: {node: Decode, in: {latent: each.picture}}",
      [
        "g.yaml:13:37: 'latent' takes one wire, but 'each.picture' is a list; only ports that take several wires take a list"
      ]
    ),
    (
      "collect: {picture: next.history}", "grid: {node: Grid, in: {images: [each.picture]}}",
      ["g.yaml:13:36: 'images' takes image [n, 3, h, w], but 'each.picture' is history"]
    ),
    (
      "collect: {latent: next.latent}", "grid: {node: Start}",
      ["g.yaml:12:15: 'latent' is yielded and collected; give one another name"]
    ),
    (
      collect, "grid: {node: Grid, in: {images: [each.pictures]}}",
      [
        "g.yaml:13:36: 'each' has no output 'pictures'; did you mean 'picture'?; outside a loop only what its 'yield' and 'collect' name is seen"
      ]
    ),
    (
      "colect: {picture: image}", "grid: {node: Grid, in: {images: [each.picture]}}",
      ["g.yaml:12:5: a loop has no key 'colect'; did you mean 'collect'?"]
    ),
  ])
  func badCollections(_ loop: String, _ more: String, _ problems: [String]) {
    #expect(workflow(loop, more: more).problems() == problems)
  }

  @Test func ofNoIterationNothingComes() {
    #expect(
      workflow(collect).set("count", "0").problems() == [
        "g.yaml:13:35: 'images' has no value: the loop it comes from runs zero times; in grid"
      ])
  }

  @Test func whatOnlyTheLastIterationGivesIsAskedAbout() throws {
    let loop = "  # nothing"
    let more = """
      last:
          loop: {times: 2}
          nodes: {image: {node: Decode, in: {latent: start}}}
          yield: {picture: image}
        grid: {node: Grid, in: {images: [last.picture]}}
        meant: {node: Grid, in: {images: [\"last[-1].picture\", \"last[0]/image\"]}}
      """
    let graph = try workflow(loop, more: more).target("grid").resolve()
    #expect(
      graph.warnings.map { "\($0.location!): \($0.message); \($0.notes.joined(separator: "; "))" } == [
        "g.yaml:17:36: 'images' gets the 'picture' of the last iteration of 'last' alone; name it under 'collect' instead "
          + "of 'yield' for those of all iterations; 'last[-1].picture' says that the last is meant"
      ])
    #expect(
      graph.outline.suffix(2) == [
        "grid = Grid(images: last[1]/image)", "meant = Grid(images: last[1]/image+last[0]/image)",
      ])
  }
}
