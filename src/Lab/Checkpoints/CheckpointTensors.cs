using Simulator.Agents;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Lab;

/// <summary>Checkpoints as tensors: one file with networks, priorities and what the cell's members remember, and files of replay transitions.</summary>
internal static class CheckpointTensors
{
    /// <summary>Most bytes that a file has beside the tensors that grow with the cell: the header, and single numbers.</summary>
    private const int MostHeader = 4096;

    /// <summary>Bytes of the largest file of a checkpoint, at most a few thousand more than it will have.</summary>
    internal static long LargestFile(CellCheckpoint checkpoint)
    {
        var (master, clients) = (checkpoint.Master, checkpoint.Clients);
        var state = (4L * master.Critic.Values.Length) + (8L * master.Priorities.Length) + master.Own.Length + checkpoint.Own.Length
            + clients.Sum(c => (4L * (c.Policy?.Values.Length ?? 0)) + c.Own.Length + 16);
        var replay = master.Replay.Select(r => (8L * r.Rewards.Length) + (4L * r.States.Length) + (4L * r.Actions.Length) + r.Begins.Length + r.Selected.Length + r.Done.Length);
        return replay.Append(state).Max() + MostHeader;
    }

    /// <summary>Writes all of a checkpoint but its replay transitions.</summary>
    internal static void WriteState(Stream stream, CellCheckpoint checkpoint)
    {
        var (master, clients) = (checkpoint.Master, checkpoint.Clients);
        var policies = clients.Select(c => c.Policy).OfType<TrainingState>().ToArray();
        var lengths = Array.ConvertAll(clients, c => (long)c.Own.Length);
        var writer = new SafetensorsWriter(stream, null, new (string, SafetensorsType, IReadOnlyList<int>)[]
        {
            ("policies", SafetensorsType.F32, [policies.Length, policies[0].Values.Length]),
            ("policies.steps", SafetensorsType.I64, [policies.Length]),
            ("critic", SafetensorsType.F32, [master.Critic.Values.Length]),
            ("critic.steps", SafetensorsType.I64, [1]),
            ("replay.added", SafetensorsType.I64, [1]),
            ("replay.beta", SafetensorsType.F64, [1]),
            ("replay.priorities", SafetensorsType.F64, [master.Priorities.Length]),
            ("cell", SafetensorsType.U8, [checkpoint.Own.Length]),
            ("master", SafetensorsType.U8, [master.Own.Length]),
            ("clients.lengths", SafetensorsType.I64, [clients.Length]),
            ("clients", SafetensorsType.U8, [checked((int)lengths.Sum())]),
        });
        foreach (var policy in policies)
        {
            writer.Write(policy.Values);
        }

        writer.Write<long>(Array.ConvertAll(policies, p => p.Steps));
        writer.Write(master.Critic.Values);
        writer.Write<long>([master.Critic.Steps]);
        writer.Write<long>([master.Added]);
        writer.Write<double>([master.Beta]);
        writer.Write<double>(master.Priorities);
        writer.Write<byte>(checkpoint.Own);
        writer.Write<byte>(master.Own);
        writer.Write<long>(lengths);
        foreach (var client in clients)
        {
            writer.Write<byte>(client.Own);
        }

        writer.Complete();
    }

    /// <summary>Reads what <see cref="WriteState"/> wrote.</summary>
    /// <param name="file">The tensors.</param>
    /// <param name="cell">Index of the cell.</param>
    /// <param name="episode">Episodes done.</param>
    /// <param name="replay">The replay transitions.</param>
    /// <exception cref="InvalidDataException">It lacks something, or shapes do not fit together.</exception>
    internal static CellCheckpoint ReadState(SafetensorsFile file, int cell, int episode, IReadOnlyList<ReplaySegment> replay)
    {
        var (steps, values, lengths, own) = (file.Longs("policies.steps"), file.Floats("policies"), file.Longs("clients.lengths"), file.Bytes("clients"));
        var width = values.Length / Math.Max(1, steps.Length);
        Require(file, steps.Length > 0 && steps.Length <= lengths.Length && values.Length > 0 && values.Length == steps.Length * width);
        Require(file, Array.TrueForAll(lengths, length => length >= 0 && length <= own.Length) && lengths.Sum() == own.Length);
        var clients = new ClientCheckpoint[lengths.Length];
        var offset = 0L;
        for (var i = 0; i < clients.Length; i++)
        {
            // Where the clients share a policy it is the first one's.
            var policy = i < steps.Length ? new TrainingState(steps[i], values[(i * width)..((i + 1) * width)]) : null;
            clients[i] = new ClientCheckpoint(policy, own.AsSpan((int)offset, (int)lengths[i]).ToArray());
            offset += lengths[i];
        }

        var critic = new TrainingState(One(file, file.Longs("critic.steps")), file.Floats("critic"));
        return new CellCheckpoint(
            cell,
            episode,
            file.Bytes("cell"),
            new MasterCheckpoint(critic, replay, file.Doubles("replay.priorities"), One(file, file.Longs("replay.added")), One(file, file.Doubles("replay.beta")), file.Bytes("master")),
            clients);
    }

    /// <summary>Writes replay transitions.</summary>
    internal static void WriteReplay(Stream stream, ReplaySegment segment)
    {
        var (count, clients) = (segment.Count, segment.Clients);
        var writer = new SafetensorsWriter(stream, null, new (string, SafetensorsType, IReadOnlyList<int>)[]
        {
            ("first", SafetensorsType.I64, [1]),
            ("rewards", SafetensorsType.F64, [count]),
            ("states", SafetensorsType.F32, [segment.States.Length / (clients * Observation.Width), clients, Observation.Width]),
            ("actions", SafetensorsType.F32, [count, clients, RawAction.Width]),
            ("begins", SafetensorsType.U8, [count]),
            ("selected", SafetensorsType.U8, [count, clients]),
            ("done", SafetensorsType.U8, [count]),
        });
        writer.Write<long>([segment.First]);
        writer.Write<double>(segment.Rewards);
        writer.Write(segment.States);
        writer.Write(segment.Actions);
        writer.Write<bool>(segment.Begins);
        writer.Write<bool>(segment.Selected);
        writer.Write<bool>(segment.Done);
        writer.Complete();
    }

    /// <summary>Reads what <see cref="WriteReplay"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It lacks something, or shapes do not fit together.</exception>
    internal static ReplaySegment ReadReplay(SafetensorsFile file)
    {
        Require(file, file.Shape("selected").Count == 2);
        var segment = new ReplaySegment(
            One(file, file.Longs("first")),
            file.Shape("selected")[1],
            Truths(file, "begins"),
            file.Floats("states"),
            file.Floats("actions"),
            Truths(file, "selected"),
            file.Doubles("rewards"),
            Truths(file, "done"));
        var (count, clients) = ((long)segment.Count, segment.Clients);
        var rows = count + segment.Begins.Count(begins => begins);
        Require(file, segment.First >= 0 && clients > 0 && segment.Begins is [true, ..] && segment.Begins.Length == count && segment.Done.Length == count);
        Require(
            file,
            segment.Selected.Length == count * clients && segment.Actions.Length == count * clients * RawAction.Width && segment.States.Length == rows * clients * Observation.Width);
        return segment;
    }

    private static T One<T>(SafetensorsFile file, T[] values)
    {
        Require(file, values.Length == 1);
        return values[0];
    }

    private static void Require(SafetensorsFile file, bool fits)
    {
        if (!fits)
        {
            throw new InvalidDataException($"the tensors of {file.Source} do not fit together");
        }
    }

    private static bool[] Truths(SafetensorsFile file, string name) => Array.ConvertAll(file.Bytes(name), b => b != 0);
}
