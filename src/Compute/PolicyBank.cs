namespace Simulator.Compute;

/// <summary>
/// The actors of many clients, one slot each. Rows belong to slots: an operation on slots first to first + count - 1 with R rows each takes [count, R, inputs].
/// </summary>
public abstract class PolicyBank : Bank
{
    private protected PolicyBank(ComputeDevice device, BankStore store)
        : base(device, store)
    {
    }

    /// <summary>Makes an empty bank on a device.</summary>
    public static PolicyBank Create(ComputeDevice device, NetworkArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device.IsHost ? new HostPolicyBank(device, new HostStore(architecture)) : new TorchPolicyBank(device, new TorchStore(device, architecture));
    }

    /// <summary>Evaluates the policies.</summary>
    /// <param name="first">First slot.</param>
    /// <param name="count">Number of slots.</param>
    /// <param name="rows">Observations of each slot.</param>
    /// <param name="observations">[count, rows, inputs].</param>
    /// <param name="preActivations">Receives z, [count, rows, outputs].</param>
    public abstract void Infer(int first, int count, int rows, ReadOnlySpan<float> observations, Span<float> preActivations);

    /// <summary>Evaluates policies on the first rows of each of their members, and their targets on the last ones.</summary>
    /// <param name="first">First slot.</param>
    /// <param name="targets">First target's slot.</param>
    /// <param name="count">Number of slots.</param>
    /// <param name="members">Members that each slot serves.</param>
    /// <param name="rows">Observations of each member.</param>
    /// <param name="targetRows">How many of them, the last ones, the target is evaluated on.</param>
    /// <param name="observations">[count, members, rows, inputs].</param>
    /// <param name="preActivations">Receives z, [count, members, rows, outputs].</param>
    public void InferWithTargets(
        int first, int targets, int count, int members, int rows, int targetRows, ReadOnlySpan<float> observations, Span<float> preActivations)
    {
        Part(first, 0, rows - targetRows, observations, preActivations);
        Part(targets, rows - targetRows, targetRows, observations, preActivations);

        void Part(int slot, int begin, int own, ReadOnlySpan<float> all, Span<float> z)
        {
            if (own == 0)
            {
                return;
            }

            var (inputs, outputs) = (Architecture.Inputs, Architecture.Outputs);
            var seen = new float[count * members * own * inputs];
            for (var i = 0; i < count * members; i++)
            {
                all.Slice(((i * rows) + begin) * inputs, own * inputs).CopyTo(seen.AsSpan(i * own * inputs));
            }

            var answers = new float[count * members * own * outputs];
            Infer(slot, count, members * own, seen, answers);
            for (var i = 0; i < count * members; i++)
            {
                answers.AsSpan(i * own * outputs, own * outputs).CopyTo(z[(((i * rows) + begin) * outputs)..]);
            }
        }
    }

    /// <summary>
    /// One learning step of each policy from dL/dz: the backward pass through the network, and Adam. With input normalisation the running statistics take in the rows behind the
    /// step, so that the gradient is taken where <see cref="Infer"/> took z.
    /// </summary>
    /// <param name="first">First slot.</param>
    /// <param name="count">Number of slots.</param>
    /// <param name="rows">Observations of each slot.</param>
    /// <param name="observations">[count, rows, inputs].</param>
    /// <param name="gradients">dL/dz, [count, rows, outputs].</param>
    /// <returns>What the step did to each slot.</returns>
    public abstract StepOutcome[] Improve(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients);

    /// <summary>The gradient that <see cref="Improve"/> would step along, [count, parameters] in the order of the layout, without changing anything.</summary>
    public abstract float[] Gradient(int first, int count, int rows, ReadOnlySpan<float> observations, ReadOnlySpan<float> gradients);

    /// <summary>Takes rows into the running statistics of the input: one update, as one forward pass in training makes.</summary>
    public abstract void Observe(int first, int count, int rows, ReadOnlySpan<float> observations);
}
