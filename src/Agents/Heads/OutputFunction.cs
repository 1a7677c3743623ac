namespace Simulator.Agents;

/// <summary>What turns an actor's pre-activations z into actions a in [-1, 1].</summary>
public enum OutputFunction
{
    /// <summary>a = tanh(z), the original's.</summary>
    Tanh,

    /// <summary>No squash: a = clip(z, -1, 1), and the gradient on z is inverted near the bounds (Hausknecht and Stone, arXiv 1511.04143).</summary>
    Inverting,

    /// <summary>a = z / (1 + |z|): its slope falls as 1 / z^2, not exponentially.</summary>
    Softsign,

    /// <summary>a = z / sqrt(1 + z^2), the inverse square root unit: near tanh where it bends, and its slope falls as 1 / z^3, not exponentially (Carlile et al., arXiv 1710.09967, with alpha = 1).</summary>
    Isru,

    /// <summary>a = 2 sigmoid(z / k) - 1.</summary>
    Sigmoid,

    /// <summary>a = tanh(k tanh(z / k)): what reaches the outer tanh is bounded by k (TorchRL's tanh_loc).</summary>
    ScaledTanh,

    /// <summary>A squashed Gaussian: a = tanh(mu + sigma e), with an entropy bonus (Haarnoja et al., SAC, arXiv 1812.05905).</summary>
    Gaussian,

    /// <summary>A Beta distribution on [-1, 1] (Chou, Maturana and Scherer, ICML 2017).</summary>
    Beta,
}
