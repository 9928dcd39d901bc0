/// What is known of a class of ComfyUI's nodes.
package struct ComfyClass: Sendable {
  /// What becomes of its nodes.
  enum Treatment: Sendable {
    /// Nodes of a workflow take its place.
    case imported(@Sendable (NodeTranslation) -> [Meaning])
    /// Its outputs are computed when a workflow is read.
    case folded(@Sendable (FoldedInputs) -> [ComfyValue?]?)
    /// It only shows something in the page.
    case shown
    /// Nothing here says what it says; the text is what would be nearest, or why there is nothing.
    case refused(String)
  }

  /// What the page calls it, where nobody called it otherwise.
  let title: String
  /// In the order in which the page's format lists their values.
  let widgets: [WidgetName]
  let treatment: Treatment

  /// - Parameter widgets: names between blanks; one with a `+` is followed by a value of `control_after_generate`.
  init(_ title: String, _ widgets: String = "", _ treatment: Treatment) {
    self.title = title
    self.widgets = widgets.split(separator: " ").map { name in
      WidgetName(String(name.hasSuffix("+") ? name.dropLast() : name), hasControl: name.hasSuffix("+"))
    }
    self.treatment = treatment
  }

  /// Every class of ComfyUI's own that pictures are made with, by name.
  static let all: [String: ComfyClass] = Dictionary(
    [
      loaders, texts, picturePrompts, sampling, guidance, sigmas, changedSigmas, latents, pictures, masks, control,
      values, others,
    ]
    .joined(),
    uniquingKeysWith: { first, _ in first })

  /// Nil for a class that is not known.
  static func widgets(of type: String) -> [WidgetName]? { all[type]?.widgets }
}

extension ComfyClass {
  /// A row of the table in the documentation.
  package struct Description: Sendable {
    package let name: String
    /// `imported`, `folded`, `shown` or `refused`.
    package let treatment: String
    /// Of a refused one, the reason.
    package let reason: String?
  }

  /// All classes by name.
  package static var descriptions: [Description] {
    all.sorted { $0.key < $1.key }.map { name, row in
      switch row.treatment {
      case .imported: Description(name: name, treatment: "imported", reason: nil)
      case .folded: Description(name: name, treatment: "folded", reason: nil)
      case .shown: Description(name: name, treatment: "shown", reason: nil)
      case .refused(let reason): Description(name: name, treatment: "refused", reason: reason)
      }
    }
  }
}

/// A value that a person sets on a node.
struct WidgetName: Sendable {
  let name: String
  /// Whether another value follows it that says what becomes of it after a run.
  let hasControl: Bool

  init(_ name: String, hasControl: Bool) { (self.name, self.hasControl) = (name, hasControl) }

  /// Of a class that is not known: seeds have a control.
  init(_ name: String) { self.init(name, hasControl: name == "seed" || name == "noise_seed") }

  /// The values of `control_after_generate`.
  static let controls: Set = ["fixed", "increment", "decrement", "randomize", "increment-wrap"]
}
