using System.Globalization;
using Simulator.Compute;

namespace Simulator.Lab;

/// <summary>
/// <c>policies.safetensors</c> and <c>critic.safetensors</c> of a cell, under PyTorch's parameter names: policies stacked over the clients, [N, out, in] and [N, out], as
/// torch.func.stack_module_state has them; the critic as its state_dict has it. Where the clients have one policy together, N is 1 and the metadata say <c>sharing: Shared</c>.
/// Where networks saw observations by running statistics, <c>observation_statistics</c> beside the policies has them as they were at the end: mean, then deviation of each column, [2, 7].
/// </summary>
internal static class NetworkFiles
{
    internal const string Policies = "policies.safetensors";
    internal const string Critic = "critic.safetensors";
    internal const string OutputScaleKey = "output_scale";

    /// <summary>The tensor of the statistics that observations are scaled by, where they run.</summary>
    internal const string Statistics = "observation_statistics";

    /// <summary>Mean, then deviation, of each column.</summary>
    internal static int[] StatisticsShape => [2, Simulator.Environment.Observation.Width];

    internal static void WritePolicies(Stream stream, CellHistory history)
    {
        var options = history.Cell.Options;
        var architecture = Cells.CellMembers.PolicyOf(options);
        var policies = new float[Cells.CellMembers.PoliciesOf(options)][];
        for (var i = 0; i < policies.Length; i++)
        {
            policies[i] = history.Parameters(i) ?? throw new InvalidOperationException($"client {i} of {history.Cell.Name} has handed over no policy");
        }

        Write(stream, history, architecture, policies, stacked: true, history.Parameters(Protocol.CellProtocol.ObservationStatistics));
    }

    internal static void WriteCritic(Stream stream, CellHistory history)
    {
        var critic = history.Parameters(Protocol.CellProtocol.Critic) ?? throw new InvalidOperationException($"the master of {history.Cell.Name} has handed over no critic");
        Write(stream, history, Cells.CellMembers.CriticOf(history.Cell.Options), [critic], stacked: false);
    }

    /// <summary>The tensors of a network's state: name, shape of one network, and where it begins in the state.</summary>
    internal static IEnumerable<(string Name, int[] Shape, int Offset)> Tensors(NetworkArchitecture architecture)
    {
        var layout = architecture.Layout;
        foreach (var tensor in layout.Tensors)
        {
            yield return (tensor.Name, tensor.Columns > 0 ? [tensor.Rows, tensor.Columns] : [tensor.Rows], tensor.Offset);
        }

        if (architecture.InputNorm)
        {
            yield return ("input_norm.running_mean", [architecture.Inputs], layout.Length);
            yield return ("input_norm.running_var", [architecture.Inputs], layout.Length + architecture.Inputs);
        }
    }

    private static void Write(Stream stream, CellHistory history, NetworkArchitecture architecture, float[][] networks, bool stacked, float[]? statistics = null)
    {
        var tensors = Tensors(architecture).ToList();
        var options = history.Cell.Options;
        var shapes = tensors.Select(t => (t.Name, (IReadOnlyList<int>)(stacked ? [networks.Length, .. t.Shape] : t.Shape)));
        var writer = new SafetensorsWriter(stream, Metadata(history, options), [.. statistics is null ? shapes : shapes.Append((Statistics, StatisticsShape))]);
        foreach (var (_, shape, offset) in tensors)
        {
            foreach (var network in networks)
            {
                writer.Write(network.AsSpan(offset, shape.Aggregate(1, (a, b) => a * b)));
            }
        }

        if (statistics is not null)
        {
            writer.Write(statistics);
        }

        writer.Complete();
    }

    /// <summary>k of the output function, where it has one.</summary>
    internal static string? OutputScale(Cells.CellOptions options) => options.Mitigation.Output is Agents.OutputFunction.Sigmoid or Agents.OutputFunction.ScaledTanh
        ? options.Mitigation.OutputScale.ToString("R", CultureInfo.InvariantCulture)
        : null;

    private static Dictionary<string, string> Metadata(CellHistory history, Cells.CellOptions options)
    {
        var metadata = Always(history, options);
        if (OutputScale(options) is { } scale)
        {
            metadata.Add(OutputScaleKey, scale);
        }

        return metadata;
    }

    private static Dictionary<string, string> Always(CellHistory history, Cells.CellOptions options) => new(StringComparer.Ordinal)
    {
        ["cell"] = history.Cell.Name,
        ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
        ["episodes"] = history.EpisodeCount.ToString(CultureInfo.InvariantCulture),
        ["clients"] = options.Clients.ToString(CultureInfo.InvariantCulture),
        ["sharing"] = options.Policy.Sharing.ToString(),
        ["variant"] = options.Policy.Variant.ToString(),
        ["output"] = options.Mitigation.Output.ToString(),
        ["activation"] = Cells.CellMembers.PolicyOf(options).Activation.ToString(),
        ["actor_layer_norm"] = options.Mitigation.ActorLayerNorm.ToString(),
        ["critic_layer_norm"] = options.Mitigation.CriticLayerNorm.ToString(),
        ["rewards"] = options.Mitigation.Rewards.ToString(),
        ["popart"] = options.Mitigation.Popart.ToString(),
        ["observations"] = options.Mitigation.Observations.ToString(),
    };
}
