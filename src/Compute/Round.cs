using Akka.Actor;
using Simulator.Protocol;

namespace Simulator.Compute;

/// <summary>
/// The requests of one reservation that belong to one turn, gathered until all are there: each in its member's place, so that the order of arrival leaves no trace. A
/// reservation of several slots has a policy for each member, in neighbouring slots; a reservation of one slot has one policy for all of them.
/// </summary>
internal sealed class Round
{
    private IPayload?[] _observations = [];
    private IPayload?[] _gradients = [];
    private IActorRef?[] _senders = [];
    private double[] _rateFactors = [];
    private double _firstRateFactor;

    internal Holding Holding { get; private set; } = null!;

    internal Turn Turn { get; private set; }

    internal bool Improve { get; private set; }

    internal bool InferAfter { get; private set; }

    /// <summary>How many of the rows of each request, the last ones, the targets are evaluated on.</summary>
    internal int TargetRows { get; private set; }

    /// <summary>Since when it waits, on the scheduler's clock.</summary>
    internal TimeSpan Since { get; private set; }

    /// <summary>When its first request came, as <see cref="DeviceTelemetry.Now"/> tells it.</summary>
    internal long Began { get; private set; }

    /// <summary>Requests that make the round.</summary>
    internal int Expected { get; private set; }

    /// <summary>Requests that are there.</summary>
    internal int Count { get; private set; }

    /// <summary>Observations of each request.</summary>
    internal int Rows { get; private set; }

    /// <summary>First slot that it needs.</summary>
    internal int FirstSlot { get; private set; }

    /// <summary>What is wrong with one of its requests; null where they are well formed.</summary>
    internal string? Fault { get; private set; }

    internal PolicyBank Bank => (PolicyBank)Holding.Bank;

    /// <summary>Whether one policy serves all members.</summary>
    internal bool Shared => Holding.Count == 1;

    /// <summary>Members that a slot serves.</summary>
    internal int MembersOfSlot => Shared ? Expected : 1;

    internal int Slots => Expected / MembersOfSlot;

    internal int RowsOfSlot => Rows * MembersOfSlot;

    internal bool Complete => Count == Expected;

    /// <summary>Opens the round that a request is the first of.</summary>
    internal void Open(Holding holding, in PolicyRequest first, TimeSpan now)
    {
        (Holding, Turn, Improve, InferAfter, Since, Began) = (holding, first.Turn, first.Improve, first.InferAfter, now, DeviceTelemetry.Now());
        (TargetRows, _firstRateFactor) = (first.TargetRows, first.RateFactor);
        (Expected, Rows, Count, Fault) = (first.Expected, first.Rows, 0, null);
        FirstSlot = Shared ? holding.First : first.Slot - first.Member;
        if (_senders.Length < Expected)
        {
            _observations = new IPayload?[Expected];
            _gradients = new IPayload?[Expected];
            _senders = new IActorRef?[Expected];
            _rateFactors = new double[Expected];
        }
    }

    /// <summary>Takes in a request; false where its place is taken or not there.</summary>
    internal bool TryAdd(in PolicyRequest request, IActorRef sender)
    {
        var member = request.Member;
        if (member < 0 || member >= Expected || _senders[member] is not null)
        {
            return false;
        }

        _observations[member] = request.Observations;
        _gradients[member] = request.Gradients;
        _senders[member] = sender;
        _rateFactors[member] = request.RateFactor;
        Count++;
        Fault ??= FaultOf(request);
        return true;
    }

    /// <summary>Copies the observations of some members, one after the other.</summary>
    internal void CopyObservations(int member, int count, Span<float> destination) => Copy(_observations, member, count, Rows * Bank.Architecture.Inputs, destination);

    /// <summary>Copies dL/dz of some members. A policy of all members gets the mean of their gradients: each counts for its share.</summary>
    internal void CopyGradients(int member, int count, Span<float> destination)
    {
        Copy(_gradients, member, count, Rows * Bank.Architecture.Outputs, destination);
        if (MembersOfSlot > 1)
        {
            foreach (ref var value in destination)
            {
                value /= MembersOfSlot;
            }
        }
    }

    /// <summary>What the learning rate of a slot of the round, from 0, is multiplied by in this step.</summary>
    internal double RateFactor(int slot) => _rateFactors[slot * MembersOfSlot];

    internal IActorRef Sender(int member) => _senders[member]!;

    /// <summary>Those who have asked so far.</summary>
    internal IEnumerable<IActorRef> Senders() => _senders.Take(Expected).OfType<IActorRef>();

    /// <summary>Lets go of what it held, so that it can be opened again.</summary>
    internal void Clear()
    {
        Array.Clear(_observations);
        Array.Clear(_gradients);
        Array.Clear(_senders);
        Holding = null!;
    }

    private static void Copy(IPayload?[] payloads, int member, int count, int length, Span<float> destination)
    {
        for (var i = 0; i < count; i++)
        {
            payloads[member + i]!.CopyTo(destination.Slice(i * length, length));
        }
    }

    private string? FaultOf(in PolicyRequest request)
    {
        var network = Bank.Architecture;
        if (request.Expected != Expected || request.Rows != Rows || request.InferAfter != InferAfter || request.TargetRows != TargetRows)
        {
            return $"request {request.Member} of a round of {Expected} with {Rows} rows expects {request.Expected} with {request.Rows}";
        }

        if (!double.IsFinite(request.RateFactor) || request.RateFactor < 0 || (Shared && !request.RateFactor.Equals(_firstRateFactor)))
        {
            return $"a policy cannot step at {request.RateFactor} times its rate{(Shared ? $" for one member, and at {_firstRateFactor} for another" : string.Empty)}";
        }

        if (TargetRows < 0 || TargetRows > Rows || (TargetRows > 0 && !Holding.HasTargets))
        {
            return Holding.HasTargets ? $"{TargetRows} of {Rows} rows cannot be the targets'" : $"targets are to be evaluated on {TargetRows} rows, and there are none";
        }

        if (request.Slot != FirstSlot + (Shared ? 0 : request.Member) || FirstSlot < Holding.First || FirstSlot + Slots > Holding.First + Holding.Count)
        {
            return $"slot {request.Slot} is not that of request {request.Member} of {Expected} in slots {Holding.First} to {Holding.First + Holding.Count - 1}";
        }

        return request.Observations.Length != Rows * network.Inputs || (request.Gradients is { } g && g.Length != Rows * network.Outputs)
            ? $"{Rows} rows of {network.Inputs} inputs and {network.Outputs} outputs are no {request.Observations.Length} observations and {request.Gradients?.Length ?? 0} gradients"
            : null;
    }
}

/// <summary>One member's request, of either kind.</summary>
internal readonly record struct PolicyRequest(
    int Slot, int Member, Turn Turn, int Expected, int Rows, IPayload Observations, IPayload? Gradients, bool Improve, bool InferAfter, double RateFactor = 1, int TargetRows = 0);
