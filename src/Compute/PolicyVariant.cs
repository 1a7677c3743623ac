namespace Simulator.Compute;

/// <summary>The network variants that the research compares (ccm-madrl, section 7).</summary>
public enum PolicyVariant
{
    /// <summary>Actor 64-32 with ReLU, critic 512-128 with ReLU.</summary>
    Baseline,

    /// <summary>Actor 512-128 with ReLU.</summary>
    Large,

    /// <summary>Actor 1024-256 with ReLU.</summary>
    Larger,

    /// <summary>Actor 512-128 and critic without hidden activations.</summary>
    Linear,

    /// <summary>LayerNorm between the actor's last layer and its output function.</summary>
    Layernorm,

    /// <summary>Running normalisation of the input and LayerNorm after each hidden ReLU, actor and critic.</summary>
    Fullnorm,

    /// <summary>Baseline, last layer started at 1/sqrt(fan_in), gradients of actors and critic clipped to norm 1.</summary>
    Clipped,
}

/// <summary>How the weights of an actor's last layer start.</summary>
public enum LastLayerStart
{
    /// <summary>As the variant has it.</summary>
    Variant,

    /// <summary>Uniform in [-3e-3, 3e-3].</summary>
    Small,

    /// <summary>Uniform in [-1/sqrt(fan_in), 1/sqrt(fan_in)], as every other layer.</summary>
    Default,

    /// <summary>Uniform in [-1e-4, 1e-4]: the near-zero last layer that goes with a LayerNorm in the body (Acme's LayerNormMLP and NearZeroInitializedLinear).</summary>
    Tiny,
}
