// swift-tools-version: 6.2
import PackageDescription

/// Kernels are compiled for the machine that builds them.
///
/// `STEPGRAPH_MARCH=x86-64-v3` (any name
/// clang's -march takes) builds a portable binary instead.
let march = Context.environment["STEPGRAPH_MARCH"] ?? "native"

/// `STEPGRAPH_STRICT=1` turns warnings into errors; continuous integration sets it, users' compilers may be newer.
let strict = Context.environment["STEPGRAPH_STRICT"] == "1"

let package = Package(
  name: "stepgraph",
  products: [.executable(name: "stepgraph", targets: ["stepgraph"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // Arrows point up this list only.
    .target(name: "Diagnostics"),
    .target(name: "YAMLTree", dependencies: ["Diagnostics", "CYAML"]),
    .target(name: "JSONTree", dependencies: ["Diagnostics"]),
    .target(name: "CKernels"),
    .target(name: "CPNGReader", dependencies: ["CPNG"]),
    .target(name: "CJPEGReader", dependencies: ["CJPEG"]),
    .target(
      name: "CTokenizers",
      exclude: [
        "clip-merges.txt", "LICENSE-CLIP.txt", "qwen-merges.txt", "t5.model", "make_t5_model.py", "LICENSE-T5-QWEN.txt",
      ]),
    .target(name: "CGraphs"),
    .target(name: "Tensors", dependencies: ["CKernels"]),
    .target(name: "Weights", dependencies: ["Diagnostics", "Tensors"]),
    .target(name: "Safetensors", dependencies: ["Diagnostics", "Weights"]),
    .target(name: "GGUF", dependencies: ["Diagnostics", "Weights"]),
    .target(
      name: "DiffusionModels",
      dependencies: ["Diagnostics", "Tensors", "Weights", "Safetensors", "GGUF", "CTokenizers"]),
    .target(
      name: "GraphEngine",
      dependencies: ["Diagnostics", "YAMLTree", .product(name: "Crypto", package: "swift-crypto")]),
    .target(
      name: "ComfyUI", dependencies: ["Diagnostics", "DiffusionModels", "GraphEngine", "JSONTree", "YAMLTree"]),
    .target(name: "LanguageServer", dependencies: ["Diagnostics", "GraphEngine"]),
    .target(
      name: "StepgraphNodes",
      dependencies: ["GraphEngine", "DiffusionModels", "CGraphs", "CPNG", "CPNGReader", "CJPEGReader"],
      path: "Nodes"),
    .executableTarget(
      name: "stepgraph",
      dependencies: [
        "StepgraphNodes", "ComfyUI", "DiffusionModels", "LanguageServer", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // Swift's libraries are linked in: loading them takes a third of a run that finds all in the cache. By LLVM's
      // linker, as the usual one warns of what is in Foundation.
      swiftSettings: [.unsafeFlags(["-static-stdlib"])],
      linkerSettings: [.unsafeFlags(["-static-stdlib", "-use-ld=lld"])]),

    .target(name: "TestSupport", dependencies: ["Safetensors", "Tensors"], path: "Tests/TestSupport"),
    .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"]),
    .testTarget(name: "YAMLTreeTests", dependencies: ["YAMLTree"]),
    .testTarget(name: "JSONTreeTests", dependencies: ["JSONTree"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "CKernels", "Safetensors"]),
    .testTarget(name: "SafetensorsTests", dependencies: ["Safetensors"]),
    .testTarget(name: "GGUFTests", dependencies: ["GGUF", "Safetensors", "Tensors"]),
    .testTarget(name: "DiffusionModelsTests", dependencies: ["DiffusionModels", "GGUF", "TestSupport"]),
    .testTarget(name: "GraphEngineTests", dependencies: ["GraphEngine", "LanguageServer", "TestSupport"]),
    .testTarget(name: "ComfyUITests", dependencies: ["ComfyUI", "StepgraphNodes"]),
    .testTarget(
      name: "LanguageServerTests", dependencies: ["Diagnostics", "LanguageServer", "StepgraphNodes", "TestSupport"]),
    .testTarget(name: "StepgraphNodesTests", dependencies: ["StepgraphNodes", "TestSupport"]),
    .target(
      name: "FuzzTargets",
      dependencies: ["StepgraphNodes", "ComfyUI", "DiffusionModels", "Safetensors", "GGUF", "Tensors", "YAMLTree"],
      path: "Tests/FuzzTargets"),
    .testTarget(name: "FuzzTargetsTests", dependencies: ["FuzzTargets"]),
    // Runs the command, which `swift test` builds beside the tests: it cannot be linked into them.
    .testTarget(name: "CommandTests", dependencies: ["StepgraphNodes", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6]
)

/// `STEPGRAPH_FUZZER=LIBRARY` builds the fuzzer, with every module instrumented for it: see `make fuzz`.
let fuzzer = Context.environment["STEPGRAPH_FUZZER"]
if let fuzzer {
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz",
      linkerSettings: [.unsafeFlags([fuzzer]), .linkedLibrary("stdc++")]))
}

let inC = ["CGraphs", "CJPEGReader", "CKernels", "CPNGReader", "CTokenizers"]
for target in package.targets where target.type != .system && !inC.contains(target.name) {
  var settings: [SwiftSetting] = [.unsafeFlags(["-Xcc", "-march=\(march)"])]
  if fuzzer != nil { settings.append(.unsafeFlags(["-sanitize=fuzzer"])) }
  if strict { settings.append(.treatAllWarnings(as: .error)) }
  target.swiftSettings = (target.swiftSettings ?? []) + settings
}
