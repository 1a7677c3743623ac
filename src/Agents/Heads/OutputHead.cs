using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>
/// What stands between a policy's network and its actions: pre-activations z to actions a, and the gradient of the loss back from a to z. It has no state: one serves all clients of a cell.
/// </summary>
public abstract class OutputHead
{
    /// <summary>k of the scaled functions, where none is named.</summary>
    public const double UsualScale = 5;

    /// <summary>Width of the network's output, a multiple of the actions' 3.</summary>
    public virtual int Outputs => ClientAction.Width;

    /// <summary>The head of an output function.</summary>
    /// <param name="function">Which.</param>
    /// <param name="scale">k of <see cref="OutputFunction.Sigmoid"/> and <see cref="OutputFunction.ScaledTanh"/>; the others have none.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such function.</exception>
    public static OutputHead Of(OutputFunction function, double scale = UsualScale) => function switch
    {
        OutputFunction.Tanh => new ElementwiseHead<TanhSquash>(default),
        OutputFunction.Inverting => new InvertingHead(),
        OutputFunction.Softsign => new ElementwiseHead<SoftsignSquash>(default),
        OutputFunction.Isru => new ElementwiseHead<IsruSquash>(default),
        OutputFunction.Sigmoid => new ElementwiseHead<SigmoidSquash>(new SigmoidSquash((float)scale)),
        OutputFunction.ScaledTanh => new ElementwiseHead<ScaledTanhSquash>(new ScaledTanhSquash((float)scale)),
        OutputFunction.Gaussian => new GaussianHead(),
        OutputFunction.Beta => new BetaHead(),
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, "no such output function"),
    };

    /// <summary>The noise-free actions of a policy.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="a">Receives the actions, [rows, 3].</param>
    public abstract void Act(ReadOnlySpan<float> z, Span<float> a);

    /// <summary>From dL/da to dL/dz.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="a">The actions that the loss was differentiated at, [rows, 3].</param>
    /// <param name="draws">What they were drawn with, [rows, 3]; empty where the head draws nothing.</param>
    /// <param name="da">dL/da, [rows, 3].</param>
    /// <param name="dz">Receives dL/dz, [rows, outputs].</param>
    public abstract void Gradient(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<double> draws, ReadOnlySpan<float> da, Span<float> dz);

    /// <summary>How steep the output still is: da/dz of each noise-free action, by its location (<see cref="Locations"/>).</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="a">Their noise-free actions, [rows, 3].</param>
    /// <param name="slopes">Receives da/dz, [rows, 3].</param>
    public abstract void Slopes(ReadOnlySpan<float> z, ReadOnlySpan<float> a, Span<double> slopes);

    /// <summary>The pre-activation that places each action, the one that grows where it saturates: z itself where there is one for each action.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="locations">Receives one for each action, [rows, 3].</param>
    public virtual void Locations(ReadOnlySpan<float> z, Span<float> locations) => z.CopyTo(locations);
}
