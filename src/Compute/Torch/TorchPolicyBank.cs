using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>Policies on libtorch's tensors: a GPU's.</summary>
internal sealed class TorchPolicyBank(ComputeDevice device, TorchStore store) : PolicyBank(device, store)
{
    /// <inheritdoc/>
    public override void Infer(int first, int count, int rows, ReadOnlySpan<float> observations, Span<float> preActivations)
    {
        store.CheckRange(first, count);
        using var scope = NewDisposeScope();
        var p = store.Views(first, count);
        var x = Normalise(first, Device.UploadRows(observations, count, rows, rows == 1 ? 1 : Transfer.PaddedRows(rows), Architecture.Inputs));
        var z = StackedNetwork.Forward(Architecture, p, FirstLayer(p, x)).Output.narrow(1, 0, rows);
        Transfer.Download(z, preActivations);
    }

    /// <inheritdoc/>
    public override StepOutcome[] Improve(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients)
    {
        store.CheckRange(first, count);
        using var scope = NewDisposeScope();
        var (gradient, trace) = Backward(first, count, rows, observations, gradients);
        var outcomes = store.Step(first, gradient.All, StackedNetwork.Activity(trace, Present(count, rows)));
        Observe(first, count, rows, observations);
        return outcomes;
    }

    /// <inheritdoc/>
    public override float[] Gradient(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients)
    {
        store.CheckRange(first, count);
        using var scope = NewDisposeScope();
        var gradient = new float[count * Layout.Length];
        Transfer.Download(Backward(first, count, rows, observations, gradients).Gradient.All, gradient);
        return gradient;
    }

    /// <inheritdoc/>
    public override void Observe(int first, int count, int rows, ReadOnlySpan<float> observations)
    {
        store.CheckRange(first, count);
        using var scope = NewDisposeScope();
        if (store.Statistics is not null)
        {
            RunningNorm.Update(store.Statistics.narrow(0, first, count), Device.UploadRows(observations, count, rows, Transfer.PaddedRows(rows), Architecture.Inputs), Present(count, rows));
        }
    }

    private (ParameterViews Gradient, StackedNetwork.Trace Trace) Backward(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients)
    {
        var p = store.Views(first, count);
        var padded = Transfer.PaddedRows(rows);
        var x = Normalise(first, Device.UploadRows(observations, count, rows, padded, Architecture.Inputs));
        var trace = StackedNetwork.Forward(Architecture, p, FirstLayer(p, x));
        var dz = Device.UploadRows(gradients, count, rows, padded, Architecture.Outputs);
        var gradient = store.NewGradient(count);
        var du1 = StackedNetwork.Backward(Architecture, p, trace, dz, gradient);
        gradient["fc1.weight"].copy_(bmm(du1.transpose(1, 2), x));
        gradient["fc1.bias"].copy_(StackedNetwork.RowSum(du1));
        store.AddInitialL2(first, gradient.All);
        return (gradient, trace);
    }

    /// <summary>1 for each row that is there, 0 for each that pads, [count, padded rows, 1].</summary>
    private Tensor Present(int count, int rows)
    {
        Span<float> ones = new float[count * rows];
        ones.Fill(1);
        return Device.UploadRows(ones, count, rows, Transfer.PaddedRows(rows), 1);
    }

    private static Tensor FirstLayer(ParameterViews p, Tensor x) => StackedNetwork.MultiplyAdd(p["fc1.bias"], x, p["fc1.weight"].transpose(1, 2));

    private Tensor Normalise(int first, Tensor x) =>
        store.Statistics is null ? x : RunningNorm.Apply(store.Statistics.narrow(0, first, x.shape[0]), x);
}

/// <summary>
/// The running normalisation of the research's fullnorm variant: (x - mean) / (sqrt(var) + 1e-5), statistics [slots, 2, width] with momentum 0.99.
/// </summary>
internal static class RunningNorm
{
    internal const double Epsilon = 1e-5;
    internal const double Momentum = 0.99;

    /// <summary>Takes the mean and variance over rows of x [slots, rows, width] into the statistics; rows whose weight [slots, rows, 1] is 0 are left out.</summary>
    internal static void Update(Tensor statistics, Tensor x, Tensor weights)
    {
        var count = StackedNetwork.RowSum(weights);
        var mean = StackedNetwork.RowSum(weights, x).div_(count);
        var centred = x - mean;
        var variance = StackedNetwork.RowSum(weights, centred.mul_(centred)).div_(count);
        statistics.mul_(Scalars.RunningMomentum).add_(cat([mean, variance], 1), Scalars.OneMinusRunningMomentum);
    }

    internal static Tensor Mean(Tensor statistics) => statistics.narrow(1, 0, 1);

    internal static Tensor Deviation(Tensor statistics) => statistics.narrow(1, 1, 1).sqrt().add_(Scalars.RunningEpsilon, Scalars.One);

    internal static Tensor Apply(Tensor statistics, Tensor x) => (x - Mean(statistics)).div_(Deviation(statistics));
}
