using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>Norms of gradients that lie on a device.</summary>
internal static class TorchNorms
{
    /// <summary>
    /// What is told of the gradients of a range of slots: their norms, and whether they go over a slot's limit. Squares are summed on the device in runs of
    /// <see cref="ParameterLayout.Alignment"/> and from there on the host in double precision, since a full sum on the device would depend on threads and on the number of slots, and
    /// clipping makes it state.
    /// </summary>
    /// <param name="gradient">[slots, parameters].</param>
    /// <param name="layout">Where the parameters lie.</param>
    /// <param name="limit">Largest norm of a slot, counted from the first of the range; 0 for no limit.</param>
    internal static StepOutcome[] Of(Tensor gradient, ParameterLayout layout, Func<int, double> limit)
    {
        const int run = ParameterLayout.Alignment;
        var count = (int)gradient.shape[0];
        var runs = layout.Length / run;
        var sums = new float[count * runs];
        Transfer.Download(gradient.mul(gradient).view(count, runs, run).sum(2), sums);
        var outcomes = new StepOutcome[count];
        for (var k = 0; k < count; k++)
        {
            var layers = new double[layout.Layers.Count];
            for (var t = 0; t < layout.Tensors.Count; t++)
            {
                var tensor = layout.Tensors[t];
                var begin = tensor.Offset / run;
                var end = (tensor.Offset + tensor.Length + run - 1) / run;
                for (var i = begin; i < end; i++)
                {
                    layers[layout.LayerOfTensor[t]] += sums[(k * runs) + i];
                }
            }

            var total = Math.Sqrt(layers.Sum());
            outcomes[k] = new StepOutcome(
                total,
                Array.ConvertAll(layers, Math.Sqrt),
                Clipped: BankStore.Clip(total, limit(k)) < 1,
                Frozen: false,
                Finite: double.IsFinite(total));
        }

        return outcomes;
    }
}
