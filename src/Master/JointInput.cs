using Simulator.Environment;
using Simulator.Protocol;

namespace Simulator.Master;

/// <summary>The critic's joint input: all observations, scaled where the cell says so, then all raw actions, [10 N].</summary>
/// <param name="clients">N.</param>
/// <param name="scaling">Scaling of observations; null for raw ones.</param>
internal sealed class JointInput(int clients, ObservationScaling? scaling)
{
    /// <summary>Scaling of observations at this moment; null for raw ones.</summary>
    internal ObservationScaling? Scaling { get; set; } = scaling;

    /// <summary>Floats of a row.</summary>
    internal int Width => clients * (Observation.Width + ClientAction.Width);

    /// <summary>Writes the observations of one row.</summary>
    internal void WriteStates(Span<float> joint, int row, ReadOnlySpan<float> states)
    {
        var target = joint.Slice(row * Width, clients * Observation.Width);
        states.CopyTo(target);
        Scaling?.Apply(target);
    }

    /// <summary>Writes the raw actions of one row.</summary>
    internal void WriteActions(Span<float> joint, int row, ReadOnlySpan<float> actions) => actions.CopyTo(Actions(joint, row));

    /// <summary>The raw actions of one row, [N, 3].</summary>
    internal Span<float> Actions(Span<float> joint, int row) =>
        joint.Slice((row * Width) + (clients * Observation.Width), clients * ClientAction.Width);
}
