namespace Simulator.Agents;

/// <summary>
/// What stands between a policy's network and its actions: pre-activations z to actions a, and the gradient of the loss back from a to z. It has no state: one serves all clients of a cell.
/// </summary>
public abstract class OutputHead
{
    /// <summary>The head of an output function.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such function.</exception>
    public static OutputHead Of(OutputFunction function) => function switch
    {
        OutputFunction.Tanh => new TanhHead(),
        OutputFunction.Inverting => new InvertingHead(),
        _ => throw new ArgumentOutOfRangeException(nameof(function), function, "no such output function"),
    };

    /// <summary>The actions of a policy.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="a">Receives the actions, [rows, 3].</param>
    public abstract void Act(ReadOnlySpan<float> z, Span<float> a);

    /// <summary>From dL/da to dL/dz.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="a">Their actions, [rows, 3].</param>
    /// <param name="da">dL/da, [rows, 3].</param>
    /// <param name="dz">Receives dL/dz, [rows, outputs].</param>
    public abstract void Gradient(ReadOnlySpan<float> z, ReadOnlySpan<float> a, ReadOnlySpan<float> da, Span<float> dz);

    /// <summary>How steep the output still is: da/dz of each action.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="a">Their actions, [rows, 3].</param>
    /// <param name="slopes">Receives da/dz, [rows, 3].</param>
    public abstract void Slopes(ReadOnlySpan<float> z, ReadOnlySpan<float> a, Span<double> slopes);
}
