using System.Buffers;
using System.Runtime.InteropServices;
using Akka.Actor;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute;

/// <summary>
/// Complete rounds and critic requests that wait for the next flush. A flush sorts rounds by kind, bank, size and slot, and runs each run of neighbouring slots as one operation; then it is the critics' turn.
/// </summary>
internal sealed class ReadyWork(DeviceTelemetry telemetry)
{
    private static readonly KeyValuePair<string, object?> Infer = DeviceTelemetry.Operation("infer");
    private static readonly KeyValuePair<string, object?> Improve = DeviceTelemetry.Operation("improve");

    /// <summary>Most rows of policies in one operation, which bounds the memory it takes.</summary>
    private const int MaximumRows = 1 << 18;

    private readonly List<Round> _rounds = [];
    private readonly ReadyCritics _critics = new(telemetry);
    private readonly Stack<Round> _spare = [];
    private readonly List<PolicySlice> _slices = [];

    /// <summary>Told of an operation that failed: its turn, who asked, and why.</summary>
    internal delegate void Failure(Turn turn, IEnumerable<IActorRef> senders, Exception error);

    internal int Count => _rounds.Count + _critics.Count;

    /// <summary>A round that nobody uses.</summary>
    internal Round Rent() => _spare.TryPop(out var round) ? round : new Round();

    /// <summary>Takes back a round that will not be run.</summary>
    internal void Return(Round round)
    {
        round.Clear();
        _spare.Push(round);
    }

    internal void Add(Round round)
    {
        round.Holding.Waiting++;
        _rounds.Add(round);
    }

    internal void Add(CriticRequest request) => _critics.Add(request);

    internal void Drop(Holding holding)
    {
        if (holding.Waiting == 0)
        {
            return; // As it is when a cell ends by itself: a population must not search its work at each end.
        }

        _rounds.RemoveAll(r =>
        {
            var drops = r.Holding == holding;
            if (drops)
            {
                Return(r);
            }

            return drops;
        });
        _critics.Drop(holding);
    }

    internal void Run(Failure failure)
    {
        _rounds.Sort(Compare);
        for (var begin = 0; begin < _rounds.Count;)
        {
            var end = begin + 1;
            while (end < _rounds.Count && Continues(_rounds[end - 1], _rounds[end]))
            {
                end++;
            }

            Run(CollectionsMarshal.AsSpan(_rounds)[begin..end], failure);
            begin = end;
        }

        foreach (var round in _rounds)
        {
            round.Holding.Waiting--;
            Return(round);
        }

        _rounds.Clear();
        _critics.Run(failure);
    }

    private static int Compare(Round one, Round other)
    {
        var order = one.Holding.Order.CompareTo(other.Holding.Order);
        order = order != 0 ? order : one.Improve.CompareTo(other.Improve);
        order = order != 0 ? order : one.InferAfter.CompareTo(other.InferAfter);
        order = order != 0 ? order : one.Rows.CompareTo(other.Rows);
        order = order != 0 ? order : one.TargetRows.CompareTo(other.TargetRows);
        order = order != 0 ? order : one.MembersOfSlot.CompareTo(other.MembersOfSlot);
        return order != 0 ? order : one.FirstSlot.CompareTo(other.FirstSlot);
    }

    private static bool Continues(Round one, Round other) =>
        other.Holding.Order == one.Holding.Order
        && other.Improve == one.Improve
        && other.InferAfter == one.InferAfter
        && other.Rows == one.Rows
        && other.TargetRows == one.TargetRows
        && other.MembersOfSlot == one.MembersOfSlot
        && other.FirstSlot == one.FirstSlot + one.Slots;

    /// <summary>Runs rounds of neighbouring slots, in as many operations as their rows ask for; an operation may begin and end within a round.</summary>
    private void Run(ReadOnlySpan<Round> rounds, Failure failure)
    {
        var most = Math.Max(1, MaximumRows / rounds[0].RowsOfSlot);
        var slots = 0;
        _slices.Clear();
        foreach (var round in rounds)
        {
            for (var slot = 0; slot < round.Slots;)
            {
                var count = Math.Min(round.Slots - slot, most - slots);
                _slices.Add(new PolicySlice(round, slot, count));
                slot += count;
                slots += count;
                if (slots == most)
                {
                    RunSlices(slots, failure);
                    slots = 0;
                }
            }
        }

        if (slots > 0)
        {
            RunSlices(slots, failure);
        }
    }

    private void RunSlices(int slots, Failure failure)
    {
#pragma warning disable CA1031 // Whatever an operation throws goes to those who asked; nothing is swallowed.
        try
        {
            Tell(slots);
            Run(CollectionsMarshal.AsSpan(_slices), slots);
        }
        catch (Exception error)
        {
            foreach (var slice in _slices)
            {
                failure(slice.Round.Turn, slice.Round.Senders().Skip(slice.Member).Take(slice.Members), error);
            }
        }
#pragma warning restore CA1031

        _slices.Clear();
    }

    private void Tell(int slots)
    {
        var round = _slices[0].Round;
        var since = round.Began;
        foreach (var slice in _slices)
        {
            since = Math.Min(since, slice.Round.Began);
        }

        telemetry.Begins(round.Improve ? Improve : Infer, slots * round.MembersOfSlot, since);
    }

    private static void Run(ReadOnlySpan<PolicySlice> slices, int slots)
    {
        var round = slices[0].Round;
        var (bank, rows, members) = (round.Bank, round.RowsOfSlot, slots * round.MembersOfSlot);
        var first = round.FirstSlot + slices[0].Slot;
        var inputs = round.Rows * bank.Architecture.Inputs;
        var outputs = round.Rows * bank.Architecture.Outputs;
        var pool = ArrayPool<float>.Shared;
        var observations = pool.Rent(members * inputs);
        var gradients = round.Improve ? pool.Rent(members * outputs) : [];
        try
        {
            var at = 0;
            foreach (var slice in slices)
            {
                slice.Round.CopyObservations(slice.Member, slice.Members, observations.AsSpan(at * inputs, slice.Members * inputs));
                if (round.Improve)
                {
                    slice.Round.CopyGradients(slice.Member, slice.Members, gradients.AsSpan(at * outputs, slice.Members * outputs));
                }

                at += slice.Members;
            }

            var seen = observations.AsSpan(0, members * inputs);
            if (round.Improve)
            {
                ScaleRates(slices, bank, first);
                var outcomes = bank.Improve(first, slots, rows, seen, gradients.AsSpan(0, members * outputs));
                var after = new float[round.InferAfter ? members * outputs : 0];
                Follow(slices, bank, first);
                if (round.InferAfter)
                {
                    bank.Infer(first, slots, rows, seen, after);
                }

                Answer(slices, outcomes, after, outputs);
            }
            else
            {
                var preActivations = new float[members * outputs];
                if (round.TargetRows > 0)
                {
                    // Slots with targets have no neighbours of other rounds: the targets lie between.
                    bank.InferWithTargets(first, round.Holding.TargetOf(first), slots, round.MembersOfSlot, round.Rows, round.TargetRows, seen, preActivations);
                }
                else
                {
                    bank.Infer(first, slots, rows, seen, preActivations);
                }

                Answer(slices, preActivations, outputs);
            }
        }
        finally
        {
            pool.Return(observations);
            if (round.Improve)
            {
                pool.Return(gradients);
            }
        }
    }

    /// <summary>Targets go after their policies once these have stepped.</summary>
    private static void Follow(ReadOnlySpan<PolicySlice> slices, PolicyBank bank, int first)
    {
        foreach (var slice in slices)
        {
            if (slice.Round.Holding is { HasTargets: true } holding)
            {
                bank.Follow(first, holding.TargetOf(first), slice.Slots, holding.Tau);
            }

            first += slice.Slots;
        }
    }

    /// <summary>Rates belong to slots: agents and cells with other factors may meet in one operation.</summary>
    private static void ScaleRates(ReadOnlySpan<PolicySlice> slices, PolicyBank bank, int first)
    {
        foreach (var slice in slices)
        {
            for (var i = 0; i < slice.Slots; i++)
            {
                bank.ScaleRates(first++, 1, slice.Round.RateFactor(slice.Slot + i));
            }
        }
    }

    private static void Answer(ReadOnlySpan<PolicySlice> slices, float[] preActivations, int outputs)
    {
        var at = 0;
        foreach (var slice in slices)
        {
            for (var i = 0; i < slice.Members; i++, at += outputs)
            {
                slice.Round.Sender(slice.Member + i).Tell(new Inferred(slice.Round.Turn, new HostPayload(preActivations.AsMemory(at, outputs))));
            }
        }
    }

    private static void Answer(ReadOnlySpan<PolicySlice> slices, StepOutcome[] outcomes, float[] after, int outputs)
    {
        var at = 0;
        var slot = 0;
        foreach (var slice in slices)
        {
            for (var i = 0; i < slice.Members; i++, at += outputs)
            {
                var payload = after.Length > 0 ? new HostPayload(after.AsMemory(at, outputs)) : HostPayload.Empty;
                slice.Round.Sender(slice.Member + i).Tell(new Improved(slice.Round.Turn, outcomes[slot + (i / slice.Round.MembersOfSlot)], payload));
            }

            slot += slice.Slots;
        }
    }

    /// <summary>Neighbouring slots of a round, from <paramref name="Slot"/> within it on.</summary>
    private readonly record struct PolicySlice(Round Round, int Slot, int Slots)
    {
        internal int Member => Slot * Round.MembersOfSlot;

        internal int Members => Slots * Round.MembersOfSlot;
    }
}
