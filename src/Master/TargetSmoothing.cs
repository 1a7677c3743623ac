using Simulator.Environment;

namespace Simulator.Master;

/// <summary>
/// Target policy smoothing (Fujimoto et al. 2018, TD3, arXiv 1802.09477): in the targets of an update a' becomes clip(a' + clip(sigma N(0, 1), -c, c), -1, 1), so that the critic's value is
/// that of a neighbourhood and not of a peak. Who proposes follows from the noisy action, as when acting.
/// </summary>
/// <remarks>Each draw is a function of seed, client and episode. The errors that transitions enter the replay memory with are taken without noise: they only say what is looked at next.</remarks>
/// <param name="seed">Seed of the cell.</param>
/// <param name="deviation">sigma; canonical 0.2.</param>
/// <param name="clip">c; canonical 0.5.</param>
public sealed class TargetSmoothing(ulong seed, double deviation, double clip)
{
    /// <summary>Smooths one client's target actions in place.</summary>
    /// <param name="client">The client.</param>
    /// <param name="episode">Episode after which the update takes place.</param>
    /// <param name="actions">pi'_i(S'_i), [B, 3].</param>
    public void Apply(int client, int episode, Span<float> actions)
    {
        var random = new RandomStream(seed, DrawPurpose.TargetNoise, client, episode);
        foreach (ref var action in actions)
        {
            action = (float)Math.Clamp(action + Math.Clamp(deviation * random.NextNormal(), -clip, clip), -1, 1);
        }
    }
}
