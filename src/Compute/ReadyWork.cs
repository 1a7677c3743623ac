using System.Buffers;
using Akka.Actor;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute;

/// <summary>A round of policy requests: those of one reservation that belong to one turn.</summary>
internal readonly record struct RoundKey(int Reservation, Turn Turn, bool Improve);

/// <summary>One client's request.</summary>
internal sealed record PolicyRequest(int Slot, int Rows, IPayload Observations, IPayload? Gradients, bool ActionsAfter, IActorRef Sender);

/// <summary>Requests that gather until all of a round are there.</summary>
internal sealed class Round(RoundKey key, TimeSpan since)
{
    internal RoundKey Key => key;

    internal TimeSpan Since => since;

    internal List<PolicyRequest> Requests { get; } = [];
}

/// <summary>One master's request.</summary>
internal sealed record CriticRequest(int Reservation, Turn Turn, ILocalMessage Message, IActorRef Sender);

/// <summary>
/// Complete rounds and critic requests that wait for the next flush. A flush sorts them by kind and bank, and runs each run of neighbouring slots as one operation.
/// </summary>
internal sealed class ReadyWork
{
    /// <summary>Most rows of policies in one operation, which bounds the memory it takes.</summary>
    private const int MaximumRows = 1 << 18;

    /// <summary>Most critics in one operation, for the same reason.</summary>
    private const int MaximumCritics = 16;

    private readonly List<Round> _rounds = [];
    private readonly List<CriticRequest> _critics = [];

    /// <summary>Told of an operation that failed: its turn, who asked, and why.</summary>
    internal delegate void Failure(Turn turn, IEnumerable<IActorRef> senders, Exception error);

    internal int Count => _rounds.Count + _critics.Count;

    internal void Add(Round round) => _rounds.Add(round);

    internal void Add(CriticRequest request) => _critics.Add(request);

    internal void Drop(int reservation)
    {
        _rounds.RemoveAll(r => r.Key.Reservation == reservation);
        _critics.RemoveAll(r => r.Reservation == reservation);
    }

    internal void Run(DeviceBanks banks, Failure failure)
    {
        RefuseMalformed(banks, failure);
        foreach (var group in _rounds.GroupBy(r => (Bank: banks.Policies(r.Key.Reservation), r.Key.Improve, r.Requests[0].Rows, r.Requests[0].ActionsAfter)))
        {
            var requests = group.SelectMany(r => r.Requests, (r, q) => (r.Key.Turn, Request: q)).OrderBy(x => x.Request.Slot).ToList();
            foreach (var (begin, end) in Neighbours(requests.Count, i => requests[i].Request.Slot, Math.Max(1, MaximumRows / group.Key.Rows)))
            {
                var part = requests.GetRange(begin, end - begin);
                Guard(part.ConvertAll(x => (x.Turn, x.Request.Sender)), failure, () =>
                {
                    if (group.Key.Improve)
                    {
                        Improve(group.Key.Bank, part, group.Key.Rows, group.Key.ActionsAfter);
                    }
                    else
                    {
                        Infer(group.Key.Bank, part, group.Key.Rows);
                    }
                });
            }
        }

        _rounds.Clear();
        RunCritics<Evaluate, CriticQuery, float[]>(banks, failure, m => m.Query, q => (q.Joint.Length, 0), (b, f, items) => b.Evaluate(f, items), (t, v) => new Evaluated(t, v));
        RunCritics<ImproveCritic, CriticLesson, CriticStep>(
            banks, failure, m => m.Lesson, l => (l.Joint.Length, l.Pairs.Length), (b, f, items) => b.Improve(f, items), (t, s) => new CriticImproved(t, s));
        RunCritics<Differentiate, ActorQuestion, ActorAnswer>(
            banks, failure, m => m.Question, q => (q.Joint.Length, 0), (b, f, items) => b.Differentiate(f, items), (t, a) => new Differentiated(t, a));
        _critics.Clear();
    }

    private static void Infer(PolicyBank bank, List<(Turn Turn, PolicyRequest Request)> requests, int rows)
    {
        var inputs = rows * bank.Architecture.Inputs;
        var outputs = rows * bank.Architecture.Outputs;
        var observations = Gather(requests, inputs, r => r.Observations);
        var preActivations = new float[requests.Count * outputs];
        var actions = new float[requests.Count * outputs];
        bank.Infer(requests[0].Request.Slot, requests.Count, rows, observations.AsSpan(0, requests.Count * inputs), preActivations, actions);
        ArrayPool<float>.Shared.Return(observations);
        for (var i = 0; i < requests.Count; i++)
        {
            var part = new Range(i * outputs, (i + 1) * outputs);
            requests[i].Request.Sender.Tell(new Inferred(requests[i].Turn, new HostPayload(preActivations.AsMemory(part)), new HostPayload(actions.AsMemory(part))));
        }
    }

    private static void Improve(PolicyBank bank, List<(Turn Turn, PolicyRequest Request)> requests, int rows, bool actionsAfter)
    {
        var first = requests[0].Request.Slot;
        var count = requests.Count;
        var inputs = rows * bank.Architecture.Inputs;
        var outputs = rows * bank.Architecture.Outputs;
        var observations = Gather(requests, inputs, r => r.Observations);
        var gradients = Gather(requests, outputs, r => r.Gradients!);
        var seen = observations.AsSpan(0, count * inputs);
        var outcomes = bank.Improve(first, count, rows, seen, gradients.AsSpan(0, count * outputs));
        var after = new float[actionsAfter ? count * outputs : 0];
        if (actionsAfter)
        {
            bank.Infer(first, count, rows, seen, new float[count * outputs], after);
        }

        ArrayPool<float>.Shared.Return(observations);
        ArrayPool<float>.Shared.Return(gradients);
        for (var i = 0; i < count; i++)
        {
            var payload = actionsAfter ? new HostPayload(after.AsMemory(i * outputs, outputs)) : HostPayload.Empty;
            requests[i].Request.Sender.Tell(new Improved(requests[i].Turn, outcomes[i], payload));
        }
    }

    private void RunCritics<TMessage, TItem, TResult>(
        DeviceBanks banks,
        Failure failure,
        Func<TMessage, TItem> itemOf,
        Func<TItem, (int, int)> sizeOf,
        Func<CriticBank, int, TItem[], TResult[]> operation,
        Func<Turn, TResult, ILocalMessage> answer)
        where TMessage : ILocalMessage
    {
        var requests = _critics.Where(r => r.Message is TMessage).Select(r =>
        {
            var bank = banks.Critic(r.Reservation, out var slot);
            var item = itemOf((TMessage)r.Message);
            return (Bank: bank, Slot: slot, Size: sizeOf(item), Item: item, r.Turn, r.Sender);
        });
        foreach (var group in requests.GroupBy(r => (r.Bank, r.Size)))
        {
            var sorted = group.OrderBy(r => r.Slot).ToList();
            foreach (var (begin, end) in Neighbours(sorted.Count, i => sorted[i].Slot, MaximumCritics))
            {
                var part = sorted.GetRange(begin, end - begin);
                Guard(part.ConvertAll(r => (r.Turn, r.Sender)), failure, () =>
                {
                    var results = operation(group.Key.Bank, part[0].Slot, [.. part.Select(r => r.Item)]);
                    for (var i = 0; i < results.Length; i++)
                    {
                        part[i].Sender.Tell(answer(part[i].Turn, results[i]));
                    }
                });
            }
        }
    }

    /// <summary>A round with a payload of the wrong length fails by itself: in an operation shared with other cells it would fail them, too.</summary>
    private void RefuseMalformed(DeviceBanks banks, Failure failure) => _rounds.RemoveAll(round =>
    {
        var network = banks.Policies(round.Key.Reservation).Architecture;
        var rows = round.Requests[0].Rows;
        var wrong = round.Requests.Find(r => r.Observations.Length != rows * network.Inputs || (r.Gradients is { } g && g.Length != rows * network.Outputs));
        if (wrong is not null)
        {
            failure(round.Key.Turn, round.Requests.Select(r => r.Sender), new InvalidDataException(
                $"{rows} rows of {network.Inputs} inputs and {network.Outputs} outputs are no {wrong.Observations.Length} observations and {wrong.Gradients?.Length ?? 0} gradients"));
        }

        return wrong is not null;
    });

    /// <summary>Splits sorted slots into runs without gaps, of at most <paramref name="most"/> slots.</summary>
    private static IEnumerable<(int Begin, int End)> Neighbours(int count, Func<int, int> slot, int most)
    {
        var begin = 0;
        for (var i = 1; i <= count; i++)
        {
            if (i == count || slot(i) != slot(i - 1) + 1 || i - begin == most)
            {
                yield return (begin, i);
                begin = i;
            }
        }
    }

    private static float[] Gather(List<(Turn Turn, PolicyRequest Request)> requests, int length, Func<PolicyRequest, IPayload> payloadOf)
    {
        var all = ArrayPool<float>.Shared.Rent(requests.Count * length);
        for (var i = 0; i < requests.Count; i++)
        {
            payloadOf(requests[i].Request).CopyTo(all.AsSpan(i * length, length));
        }

        return all;
    }

    /// <summary>A failed operation fails the cells that asked for it, not the device and not the cells beside them.</summary>
    private static void Guard(List<(Turn Turn, IActorRef Sender)> askers, Failure failure, Action operation)
    {
#pragma warning disable CA1031 // Whatever libtorch throws goes to those who asked; nothing is swallowed.
        try
        {
            operation();
        }
        catch (Exception error)
        {
            foreach (var turn in askers.GroupBy(a => a.Turn))
            {
                failure(turn.Key, turn.Select(a => a.Sender), error);
            }
        }
#pragma warning restore CA1031
    }
}
