using Simulator.Compute;

namespace Simulator.Master;

/// <summary>Whom the critic learns from in a transition: the clients selected, or the zero candidate where nobody was (ccm-madrl, sections 4 and 5).</summary>
internal static class Pairs
{
    /// <summary>Writes the clients of a transition's pairs, ascending, or <see cref="Candidate.Zero"/>.</summary>
    /// <param name="selected">Who was selected, [N].</param>
    /// <param name="clients">Receives them; has room for all that are selected, and for one.</param>
    /// <returns>How many there are, at least one.</returns>
    internal static int Write(ReadOnlySpan<bool> selected, Span<int> clients)
    {
        var count = 0;
        for (var i = 0; i < selected.Length; i++)
        {
            if (selected[i])
            {
                clients[count++] = i;
            }
        }

        if (count == 0)
        {
            clients[count++] = Candidate.Zero;
        }

        return count;
    }
}
