namespace Simulator.Compute;

/// <summary>What pulls the parameters of a network back at each of its steps: all of them, biases and gains included, as PyTorch's AdamW and SimBa have it.</summary>
/// <param name="WeightDecay">
/// lambda of theta &lt;- theta (1 - rate lambda) before Adam's step (AdamW: Loshchilov and Hutter, arXiv 1711.05101). It is no part of the loss: gradients and their norms are without it.
/// </param>
/// <param name="InitialL2">
/// lambda of the term lambda |theta - theta0|^2 in the loss, theta0 the parameters before the first step (L2 Init: Kumar, Marklund and Van Roy, arXiv 2308.11958). Its gradient,
/// 2 lambda (theta - theta0), counts in the gradient's norm and is clipped with it; a reported loss is without it.
/// </param>
public readonly record struct Regularisation(double WeightDecay = 0, double InitialL2 = 0);
