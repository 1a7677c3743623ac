namespace Simulator.Agents;

/// <summary>What turns an actor's pre-activations z into actions a in [-1, 1].</summary>
public enum OutputFunction
{
    /// <summary>a = tanh(z), the original's.</summary>
    Tanh,

    /// <summary>No squash: a = clip(z, -1, 1), and the gradient on z is inverted near the bounds (Hausknecht and Stone, arXiv 1511.04143).</summary>
    Inverting,
}
