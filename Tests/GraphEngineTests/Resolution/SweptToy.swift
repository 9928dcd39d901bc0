/// A workflow that writes one picture, with `sweep` as its own sweep.
func swept(_ sweep: String = "", path: String = "$(out)", more: String = "") -> ToyFiles {
  ToyFiles(
    """
    stepgraph: 1
    params:
      seed:   {type: int, default: 0, min: 0}
      cfg:    {type: float, default: 7.5, min: 0}
      prompt: {type: string, default: a cat}
      mode:   {type: choice, options: [plain, karras], default: plain}
      steps:  {type: int, default: 2}
      last:   {type: int, default: $(steps)}
      out:    {type: path, default: out.png}
    nodes:
      start: {node: Start, with: {seed: $(seed)}}
      sample:
        loop: {times: $(last), index: i}
        carry: {latent: start}
        nodes: {next: {node: Step, in: {latent: carry.latent}, with: {step: $(i), scale: $(cfg), mode: $(mode)}}}
        yield: {latent: next.latent}
      image: {node: Decode, in: {latent: sample}}
      png: {node: Save, in: {image: image}, with: {path: "\(path)"}}
    \(more)
    \(sweep.isEmpty ? "" : "sweep: {\(sweep)}")
    """)
}
