namespace Simulator.Compute;

/// <summary>
/// ReDo (Sokar et al. 2023, arXiv 2302.12902): after every so many steps of a network its dormant hidden units begin anew. Their incoming weights and biases (and gain and bias of their
/// LayerNorm, where there is one) are drawn as at the start, their outgoing weights become zero, and Adam's moments of all of these are forgotten.
/// </summary>
/// <param name="Every">Steps of a network between two recyclings.</param>
/// <param name="Threshold">Largest score of a dormant unit: its mean |h| over the rows of the learning pass, over the mean of that in its layer.</param>
/// <param name="Draw">Where new weights come from.</param>
public sealed record Recycling(int Every, double Threshold, Recycling.FreshNetwork Draw)
{
    /// <summary>A network as it might have started, in the order of the layout: a pure function, called on any thread.</summary>
    /// <param name="network">The network's place among those that were allocated together.</param>
    /// <param name="step">Steps that it has made.</param>
    public delegate float[] FreshNetwork(int network, long step);
}
