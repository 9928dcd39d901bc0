import DiffusionModels
import GraphEngine

/// One step of DPM-Solver or DPM-Solver++ (Lu and others 2022; diffusers' `DPMSolverMultistepScheduler` and
/// `DPMSolverSinglestepScheduler`): `DPMSolver` has the formulas.
package struct DPMSolverStep: ForecastingNode {
  package static let info = NodeInfo(
    type: "DPMSolverStep", version: 1, lane: .compute,
    summary: "Takes one DPM-Solver step, of up to three predictions; DPM++ 2M is its default.")

  let ports = StepPorts()
  let guided = GuidedPorts()
  let past = MultistepPorts()
  let algorithm = Parameter(
    "algorithm", "dpmsolver solves for the noise, dpmsolver++ for the clean latent; sde- adds noise.",
    default: DPMSolver.Algorithm.dpmsolverPlusPlus.rawValue, options: DPMSolver.Algorithm.allCases.map(\.rawValue))
  let order = Parameter(
    "order", "How many predictions to look at.", default: 2, min: 1, max: Double(DPMSolver.orders.upperBound))
  let solver = Parameter(
    "solver", "Whether these are of earlier steps, or of the steps inside one longer step.",
    default: DPMSolver.Solver.multistep.rawValue, options: DPMSolver.Solver.allCases.map(\.rawValue))
  let variant = Parameter(
    "type", "How a difference of two predictions is weighted.", default: DPMSolver.Variant.midpoint.rawValue,
    options: DPMSolver.Variant.allCases.map(\.rawValue))
  let lowerOrderFinal = OptionalParameter<Bool>(
    "lower_order_final", "Lowers the order of the last steps; as the reference, for multistep alone, when left out.")
  let random = NoisePorts(unused: "unless the algorithm is an sde- one")

  package init() {}

  package func resolve(_ parameters: inout NodeParameters) throws {
    let algorithm = self.algorithm(parameters)
    try requireSupport(algorithm, solver(parameters), order: parameters[order])
    let isStochastic = algorithm.isStochastic
    random.resolve(&parameters, defaultDraw: isStochastic ? parameters[ports.step] + 1 : nil)
    if parameters[lowerOrderFinal] == nil { parameters[lowerOrderFinal] = solver(parameters) == .multistep }
  }

  private func algorithm(_ parameters: NodeParameters) -> DPMSolver.Algorithm {
    DPMSolver.Algorithm(rawValue: parameters[algorithm]) ?? .dpmsolverPlusPlus
  }

  private func solver(_ parameters: NodeParameters) -> DPMSolver.Solver {
    DPMSolver.Solver(rawValue: parameters[solver]) ?? .multistep
  }

  /// Histories of algorithms and solvers are different things.
  private func method(_ parameters: NodeParameters) -> StepMethod {
    let algorithm = algorithm(parameters)
    return StepMethod(
      name: "\(algorithm.rawValue) \(solver(parameters).rawValue)",
      kinds: algorithm.predictsSample ? [.diffusion, .flow] : [.diffusion], followsLine: true)
  }

  package func forecast(_ io: inout NodeForecast) throws {
    let method = method(io.parameters)
    let next = try ports.forecast(&io, of: method)
    try past.forecast(&io, of: method, ports: ports, next: next)
  }

  package func run(_ io: inout NodeIO) throws {
    let (algorithm, solver, method) = (algorithm(io.parameters), solver(io.parameters), method(io.parameters))
    let inputs = try ports.inputs(io, of: method)
    let memory = inputs.memoryOnLine(try past.memory(io, of: method, inputs: inputs))
    let (now, target) = inputs.line
    if let uncond = try guided.evaluation(io, inputs: inputs) {
      try requireGuidance(algorithm, solver, order: io[order])
      let (next, kept) = dpmSolverGuidedStep(inputs.evaluation, uncond: uncond, to: inputs.target, memory: memory)
      ports.put(next, denoised: now.denoised, of: inputs, to: &io)
      return past.history.put(kept, of: method, inputs: inputs, to: &io)
    }
    let noise = algorithm.isStochastic ? random.noise(io, shape: inputs.latent.shape) : nil
    let dpm = DPMSolver(algorithm: algorithm, variant: DPMSolver.Variant(rawValue: io[variant]) ?? .midpoint)
    let isLowered = io[lowerOrderFinal] ?? true
    let (next, kept) =
      switch solver {
      case .multistep:
        dpm.multistep(
          now, to: target,
          order: finalOrder(io[order], step: inputs.step, of: inputs.count, isLowered: isLowered),
          memory: memory, noise: noise)
      case .singlestep:
        dpm.singlestep(
          now, to: target,
          order: DPMSolver.singlestepOrder(
            io[order], step: inputs.step, of: inputs.count, isLowered: isLowered,
            endsClean: inputs.schedule.endLevel == 1),
          memory: memory, noise: noise)
      }
    ports.put(inputs.offLine(next), denoised: now.denoised, of: inputs, to: &io)
    past.history.put(inputs.memoryOffLine(kept), of: method, inputs: inputs, to: &io)
  }

  /// CFG++ is defined for the second order of dpmsolver++.
  private func requireGuidance(_ algorithm: DPMSolver.Algorithm, _ solver: DPMSolver.Solver, order: Int) throws {
    guard algorithm == .dpmsolverPlusPlus, solver == .multistep, order == 2 else {
      throw NodeFailure(
        "CFG++ is defined for dpmsolver++ of order 2, multistep; this is \(algorithm.rawValue) of order \(order), "
          + solver.rawValue, at: guided.uncond.name)
    }
  }

  /// sde-dpmsolver has no third order and no singlestep form, in the papers as in the reference.
  private func requireSupport(_ algorithm: DPMSolver.Algorithm, _ solver: DPMSolver.Solver, order: Int) throws {
    guard algorithm == .sdeDPMSolver else { return }
    if solver == .singlestep {
      throw NodeFailure("sde-dpmsolver is a multistep method only", at: self.solver.name)
    }
    if order > 2 {
      throw NodeFailure("sde-dpmsolver has orders 1 and 2; order is \(order)", at: self.order.name)
    }
  }
}
