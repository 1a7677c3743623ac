using System.Globalization;
using Simulator.Compute;

namespace Simulator.Lab;

/// <summary>
/// <c>policies.safetensors</c> and <c>critic.safetensors</c> of a cell, under PyTorch's parameter names: policies stacked over the clients, [N, out, in] and [N, out], as
/// torch.func.stack_module_state has them; the critic as its state_dict has it. Where the clients have one policy together, N is 1 and the metadata say <c>sharing: Shared</c>.
/// </summary>
internal static class NetworkFiles
{
    internal const string Policies = "policies.safetensors";
    internal const string Critic = "critic.safetensors";

    internal static void WritePolicies(Stream stream, CellHistory history)
    {
        var options = history.Cell.Options;
        var architecture = Cells.CellMembers.PolicyOf(options);
        var policies = new float[Cells.CellMembers.PoliciesOf(options)][];
        for (var i = 0; i < policies.Length; i++)
        {
            policies[i] = history.Parameters(i) ?? throw new InvalidOperationException($"client {i} of {history.Cell.Name} has handed over no policy");
        }

        Write(stream, history, architecture, policies, stacked: true);
    }

    internal static void WriteCritic(Stream stream, CellHistory history)
    {
        var critic = history.Parameters(Protocol.CellProtocol.Critic) ?? throw new InvalidOperationException($"the master of {history.Cell.Name} has handed over no critic");
        Write(stream, history, Cells.CellMembers.CriticOf(history.Cell.Options), [critic], stacked: false);
    }

    private static void Write(Stream stream, CellHistory history, NetworkArchitecture architecture, float[][] networks, bool stacked)
    {
        var layout = architecture.Layout;
        var tensors = new List<(string Name, IReadOnlyList<int> Shape)>();
        var parts = new List<(int Offset, int Length)>();
        void Add(string name, int offset, params int[] shape)
        {
            tensors.Add((name, stacked ? [networks.Length, .. shape] : shape));
            parts.Add((offset, shape.Aggregate(1, (a, b) => a * b)));
        }

        foreach (var tensor in layout.Tensors)
        {
            Add(tensor.Name, tensor.Offset, tensor.Columns > 0 ? [tensor.Rows, tensor.Columns] : [tensor.Rows]);
        }

        if (architecture.InputNorm)
        {
            Add("input_norm.running_mean", layout.Length, architecture.Inputs);
            Add("input_norm.running_var", layout.Length + architecture.Inputs, architecture.Inputs);
        }

        var options = history.Cell.Options;
        var writer = new SafetensorsWriter(stream, Metadata(history, options), tensors);
        foreach (var (offset, length) in parts)
        {
            foreach (var network in networks)
            {
                writer.Write(network.AsSpan(offset, length));
            }
        }

        writer.Complete();
    }

    private static Dictionary<string, string> Metadata(CellHistory history, Cells.CellOptions options) => new(StringComparer.Ordinal)
    {
        ["cell"] = history.Cell.Name,
        ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
        ["episodes"] = history.EpisodeCount.ToString(CultureInfo.InvariantCulture),
        ["clients"] = options.Clients.ToString(CultureInfo.InvariantCulture),
        ["sharing"] = options.Policy.Sharing.ToString(),
        ["variant"] = options.Policy.Variant.ToString(),
        ["output"] = options.Mitigation.Output.ToString(),
        ["observations"] = options.Mitigation.Observations.ToString(),
    };
}
