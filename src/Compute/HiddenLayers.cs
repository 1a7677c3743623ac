namespace Simulator.Compute;

/// <summary>What the sum of a hidden layer goes through.</summary>
public enum HiddenActivation
{
    /// <summary>Nothing: the layer is linear.</summary>
    None,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>tanh(x).</summary>
    Tanh,
}

/// <summary>Where a hidden layer has its LayerNorm, (x - mean) / sqrt(var + 1e-5) over the layer's units.</summary>
public enum HiddenNorm
{
    /// <summary>Nowhere.</summary>
    None,

    /// <summary>Linear, LayerNorm, activation, as in the first layer of Acme's LayerNormMLP.</summary>
    BeforeActivation,

    /// <summary>Linear, activation, LayerNorm, as in the research's fullnorm variant.</summary>
    AfterActivation,
}

/// <summary>The LayerNorm before the hidden activations of a network, as a scenario names it.</summary>
public enum BodyNorm
{
    /// <summary>None.</summary>
    None,

    /// <summary>With gain and bias, which learn.</summary>
    Affine,

    /// <summary>Without them: what a hidden layer comes to does not depend on the length of its weights, and no bias can put all its units to sleep.</summary>
    Plain,
}

/// <summary>The hidden activation of actors, as a scenario names it.</summary>
public enum ActorActivation
{
    /// <summary>As the variant has it.</summary>
    Variant,

    /// <summary>ReLU.</summary>
    Relu,

    /// <summary>Hyperbolic tangent.</summary>
    Tanh,
}
