using Simulator.Protocol;

namespace Simulator.Agents;

/// <summary>What is done to an actor's loss at its outputs, whatever turns them into actions; 0 leaves each of them out.</summary>
/// <param name="PreactivationPenalty">lambda of + lambda mean z^2, the mean over the minibatch and all outputs of the network (the MADDPG code, EPyMARL).</param>
/// <param name="BoundPenalty">
/// lambda of + lambda sum max(0, |z| - 1.1)^2, the sum over the three actions' locations, the mean over the minibatch (rl_games).
/// </param>
/// <param name="ActionGradientClip">c: each element of B dL/da, a sample's own gradient with its weight, is clipped to [-c, c] (Acme's dpg). dL/da carries 1 / B.</param>
public sealed record OutputTerms(double PreactivationPenalty, double BoundPenalty, double ActionGradientClip)
{
    /// <summary>|z| from which on <see cref="BoundPenalty"/> counts: rl_games' soft bound.</summary>
    public const double Bound = 1.1;

    /// <summary>None of them.</summary>
    public static OutputTerms None { get; } = new(0, 0, 0);

    /// <summary>Clips dL/da.</summary>
    /// <param name="da">dL/da, [rows, 3].</param>
    /// <param name="clipped">Receives it clipped.</param>
    internal void Clip(ReadOnlySpan<float> da, Span<float> clipped)
    {
        if (ActionGradientClip == 0)
        {
            da.CopyTo(clipped);
            return;
        }

        var limit = (float)(ActionGradientClip * ClientAction.Width / da.Length);
        for (var i = 0; i < da.Length; i++)
        {
            clipped[i] = Math.Clamp(da[i], -limit, limit);
        }
    }

    /// <summary>Adds the gradients of the penalties.</summary>
    /// <param name="z">Pre-activations, [rows, outputs].</param>
    /// <param name="outputs">Width of a row; its first three are the actions' locations.</param>
    /// <param name="dz">dL/dz, [rows, outputs].</param>
    internal void Add(ReadOnlySpan<float> z, int outputs, Span<float> dz)
    {
        if (PreactivationPenalty > 0)
        {
            var factor = 2 * PreactivationPenalty / z.Length;
            for (var i = 0; i < z.Length; i++)
            {
                dz[i] += (float)(factor * z[i]);
            }
        }

        if (BoundPenalty > 0)
        {
            var factor = 2 * BoundPenalty * outputs / z.Length;
            for (var row = 0; row < z.Length; row += outputs)
            {
                for (var i = row; i < row + ClientAction.Width; i++)
                {
                    var beyond = Math.Abs(z[i]) - Bound;
                    dz[i] += (float)(beyond > 0 ? factor * beyond * Math.Sign(z[i]) : 0);
                }
            }
        }
    }
}
