namespace Simulator.Compute;

/// <summary>What one optimiser step did to one slot of a bank.</summary>
/// <param name="GradientNorm">L2 norm of the whole gradient, before clipping.</param>
/// <param name="LayerNorms">L2 norm of each layer's gradient, before clipping, in the order of <see cref="ParameterLayout.Layers"/>.</param>
/// <param name="Clipped">Whether the gradient was scaled down to the largest norm allowed.</param>
/// <param name="Frozen">Whether every parameter is bit-identical before and after the step, recycling included.</param>
/// <param name="Finite">Whether gradient and parameters are finite.</param>
/// <param name="DormantShare">
/// Share of the hidden units that were dormant in the learning pass: mean |h| over its rows at most 0.025 of the layer's mean (Sokar et al. 2023, arXiv 2302.12902).
/// </param>
public sealed record StepOutcome(double GradientNorm, double[] LayerNorms, bool Clipped, bool Frozen, bool Finite, double DormantShare = 0);
