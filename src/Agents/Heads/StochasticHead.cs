using Simulator.Environment;

namespace Simulator.Agents;

/// <summary>
/// A head whose policy is a distribution. In training a client does a sample of it, which takes the place of exploration noise, and an update differentiates samples, reparameterised: a
/// function of z and of a draw that does not depend on z. The noise-free action is what evaluation does, and what the policy would do in S'.
/// </summary>
/// <remarks>Of the network's outputs the first three of a row are the first parameter of each action's distribution, the last three the second one.</remarks>
public abstract class StochasticHead : OutputHead
{
    /// <inheritdoc/>
    public override int Outputs => 2 * Width;

    /// <summary>Actions of a client.</summary>
    private protected const int Width = Protocol.ClientAction.Width;

    /// <summary>Where the first of an action's two outputs lies among z of many rows; the second lies <see cref="Width"/> behind it.</summary>
    private protected static int First(int i) => (i / Width * 2 * Width) + (i % Width);

    /// <summary>The draw that one action takes.</summary>
    public abstract double Draw(ref RandomStream random);

    /// <summary>Samples of a policy.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="draws">A draw for each action, [rows, 3].</param>
    /// <param name="a">Receives the actions, [rows, 3].</param>
    public abstract void Sample(ReadOnlySpan<float> z, ReadOnlySpan<double> draws, Span<float> a);
}
