/// Tensors that published files have beside a model's weights, known by name: what training left behind.
///
/// They are told of and not read. Whatever is neither a weight nor in this table is an error.
package enum WeightLeftovers {
  private enum Pattern {
    case name(String), beginning(String), ending(String)

    func matches(_ name: String) -> Bool {
      switch self {
      case .name(let whole): name == whole
      case .beginning(let beginning): name.hasPrefix(beginning)
      case .ending(let ending): name.hasSuffix(ending)
      }
    }
  }

  private static let table: [(reason: String, patterns: [Pattern])] = [
    ("an average of the weights (EMA)", [.beginning("model_ema.")]),
    (
      "the noise of training",
      [
        "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
        "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod",
        "posterior_variance", "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2",
        "lvlb_weights", "logvar", "denoiser.sigmas", "denoiser.log_sigmas",
      ].map(Pattern.name)
    ),
    (
      "the state of training",
      [
        .name("global_step"), .name("epoch"), .beginning("optimizer_states."), .beginning("lr_schedulers."),
        .beginning("callbacks."), .beginning("embedding_manager."),
      ]
    ),
    ("the VAE's training loss", [.beginning("first_stage_model.loss."), .beginning("loss.")]),
    ("how many batches were seen in training", [.ending("bn.num_batches_tracked")]),
    (
      "a norm that the model leaves out",
      [.name("norm_final.weight"), .ending(".diffusion_model.norm_final.weight")]
    ),
    ("positions, which are counted", [.ending("embeddings.position_ids")]),
    ("the scale of similarities", [.ending("logit_scale")]),
    (
      "the picture encoder",
      [
        .beginning("cond_stage_model.model.visual."), .beginning("conditioner.embedders.0.model.visual."),
        .beginning("conditioner.embedders.1.model.visual."), .beginning("vision_model."),
        .beginning("visual_projection."),
      ]
    ),
    ("what the model predicts", [.name("v_pred"), .name("ztsnr")]),
    ("the tokenizer, as a SentencePiece model", [.ending("spiece_model")]),
    (
      "the range of activations for fp8 products",
      [.ending(".scale_input"), .ending(".input_scale"), .ending("scaled_fp8")]
    ),
  ]

  /// Whether a tensor holds the positions of tokens or counts batches, which folders of many models have and nobody needs to
  /// hear of.
  package static func isCounted(_ name: String) -> Bool {
    name.hasSuffix("embeddings.position_ids") || name.hasSuffix("bn.num_batches_tracked")
  }

  /// What a tensor of this name is; nil for one that is not known.
  package static func reason(_ name: String) -> String? {
    table.first { $0.patterns.contains { $0.matches(name) } }?.reason
  }
}
