using System.Runtime.InteropServices;
using Akka.Actor;
using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute;

/// <summary>One master's request.</summary>
internal readonly record struct CriticRequest(Holding Holding, Turn Turn, ILocalMessage Message, IActorRef Sender)
{
    /// <summary>When it came, as <see cref="DeviceTelemetry.Now"/> tells it.</summary>
    internal long Began { get; } = DeviceTelemetry.Now();
}

/// <summary>Requests to critics that wait for the next flush, which sorts them by kind, bank, size and slot, and runs each run of neighbouring slots as one operation.</summary>
internal sealed class ReadyCritics(DeviceTelemetry telemetry)
{
    private static readonly KeyValuePair<string, object?>[] Operations =
        [DeviceTelemetry.Operation("evaluate"), DeviceTelemetry.Operation("improve_critic"), DeviceTelemetry.Operation("differentiate")];

    /// <summary>Most critics in one operation, which bounds the memory it takes.</summary>
    private const int MaximumCritics = 16;

    /// <summary>Most questions to one critic in one operation, which bounds the memory it takes.</summary>
    private const int MaximumQueries = 128;

    private readonly List<CriticRequest> _requests = [];

    internal int Count => _requests.Count;

    internal void Add(CriticRequest request)
    {
        request.Holding.Waiting++;
        _requests.Add(request);
    }

    internal void Drop(Holding holding) => _requests.RemoveAll(r => r.Holding == holding);

    /// <summary>Masters whose critics lie side by side, and who ask for the same kind and size, are answered together; of those who ask one and the same critic, see <see cref="Merge"/>.</summary>
    internal void Run(ReadyWork.Failure failure)
    {
        _requests.Sort(static (one, other) =>
        {
            var order = KindOf(one.Message).CompareTo(KindOf(other.Message));
            order = order != 0 ? order : one.Holding.Order.CompareTo(other.Holding.Order);
            order = order != 0 ? order : SizeOf(one.Message).CompareTo(SizeOf(other.Message));
            return order != 0 ? order : one.Holding.First.CompareTo(other.Holding.First);
        });
        var all = CollectionsMarshal.AsSpan(_requests);
        for (var begin = 0; begin < all.Length;)
        {
            var (kind, order, size) = (KindOf(all[begin].Message), all[begin].Holding.Order, SizeOf(all[begin].Message));
            var slot = all[begin].Holding.First;
            var same = kind == 0 && begin + 1 < all.Length && Continues(all[begin + 1], slot);
            var most = same ? MaximumQueries : MaximumCritics;
            var end = begin + 1;
            while (end < all.Length && end - begin < most && Continues(all[end], same ? slot : slot + end - begin))
            {
                end++;
            }

            RunPart(all[begin..end], same, failure);
            begin = end;

            bool Continues(in CriticRequest next, int wanted) =>
                KindOf(next.Message) == kind && next.Holding.Order == order && SizeOf(next.Message) == size && next.Holding.First == wanted;
        }

        _requests.ForEach(r => r.Holding.Waiting--);
        _requests.Clear();
    }

    private void RunPart(ReadOnlySpan<CriticRequest> part, bool same, ReadyWork.Failure failure)
    {
#pragma warning disable CA1031 // Whatever an operation throws goes to those who asked; nothing is swallowed.
        try
        {
            Tell(part);
            var bank = (CriticBank)part[0].Holding.Bank;
            var first = part[0].Holding.First;
            switch (part[0].Message)
            {
                case Evaluate { Query.TargetRows: > 0 }:
                    Answer(part, WithTargets(bank, part), (t, values) => new Evaluated(t, values));
                    break;
                case Evaluate when same:
                    Split(part, bank.Evaluate(first, [Merge(part)])[0]);
                    break;
                case Evaluate:
                    Answer(part, bank.Evaluate(first, Items(part, m => ((Evaluate)m).Query)), (t, values) => new Evaluated(t, values));
                    break;
                case ImproveCritic:
                    Rescale(bank, part);
                    var steps = bank.Improve(first, Items(part, m => ((ImproveCritic)m).Lesson));
                    Follow(bank, part);
                    Answer(part, steps, (t, step) => new CriticImproved(t, step));
                    break;
                case Differentiate:
                    Answer(part, bank.Differentiate(first, Items(part, m => ((Differentiate)m).Question)), (t, answer) => new Differentiated(t, answer));
                    break;
            }
        }
        catch (Exception error)
        {
            foreach (var request in part)
            {
                failure(request.Turn, [request.Sender], error);
            }
        }
#pragma warning restore CA1031
    }

    private void Tell(ReadOnlySpan<CriticRequest> part)
    {
        var since = part[0].Began;
        foreach (var request in part)
        {
            since = Math.Min(since, request.Began);
        }

        telemetry.Begins(Operations[KindOf(part[0].Message)], part.Length, since);
    }

    private static void Rescale(CriticBank bank, ReadOnlySpan<CriticRequest> part)
    {
        foreach (var request in part)
        {
            if (((ImproveCritic)request.Message).Lesson.Rescaling is { } rescaling)
            {
                bank.Rescale(request.Holding.First, rescaling);
                if (request.Holding.HasTargets)
                {
                    bank.Rescale(request.Holding.TargetOf(request.Holding.First), rescaling);
                }
            }
        }
    }

    private static void Follow(CriticBank bank, ReadOnlySpan<CriticRequest> part)
    {
        foreach (var request in part)
        {
            if (request.Holding.HasTargets)
            {
                bank.Follow(request.Holding.First, request.Holding.TargetOf(request.Holding.First), 1, request.Holding.Tau);
            }
        }
    }

    private static float[][] WithTargets(CriticBank bank, ReadOnlySpan<CriticRequest> part)
    {
        var values = new float[part.Length][];
        for (var i = 0; i < values.Length; i++)
        {
            var holding = part[i].Holding;
            values[i] = bank.EvaluateWithTarget(holding.First, holding.TargetOf(holding.First), ((Evaluate)part[i].Message).Query);
        }

        return values;
    }

    /// <summary>Questions to one critic that several cells act with become one, row under row: a row's value depends on no other row.</summary>
    private static CriticQuery Merge(ReadOnlySpan<CriticRequest> part)
    {
        var floats = 0;
        var candidates = 0;
        foreach (var request in part)
        {
            var query = ((Evaluate)request.Message).Query;
            floats += query.Joint.Length;
            candidates += query.Candidates.Length;
        }

        var joint = new float[floats];
        var all = new Candidate[candidates];
        var (row, at) = (0, 0);
        var width = part[0].Holding.JointWidth;
        foreach (var request in part)
        {
            var query = ((Evaluate)request.Message).Query;
            query.Joint.Span.CopyTo(joint.AsSpan(row * width));
            foreach (var candidate in query.Candidates.Span)
            {
                all[at++] = candidate with { Row = row + candidate.Row };
            }

            row += query.Joint.Length / width;
        }

        return new CriticQuery(joint, all);
    }

    private static void Split(ReadOnlySpan<CriticRequest> part, float[] values)
    {
        var at = 0;
        foreach (var request in part)
        {
            var count = ((Evaluate)request.Message).Query.Candidates.Length;
            request.Sender.Tell(new Evaluated(request.Turn, values[at..(at + count)]));
            at += count;
        }
    }

    private static TItem[] Items<TItem>(ReadOnlySpan<CriticRequest> part, Func<ILocalMessage, TItem> itemOf)
    {
        var items = new TItem[part.Length];
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = itemOf(part[i].Message);
        }

        return items;
    }

    private static void Answer<TResult>(ReadOnlySpan<CriticRequest> part, TResult[] results, Func<Turn, TResult, ILocalMessage> answer)
    {
        for (var i = 0; i < results.Length; i++)
        {
            part[i].Sender.Tell(answer(part[i].Turn, results[i]));
        }
    }

    private static int KindOf(ILocalMessage message) => message switch { Evaluate => 0, ImproveCritic => 1, _ => 2 };

    private static (int Joint, int Part) SizeOf(ILocalMessage message) => message switch
    {
        Evaluate m => (m.Query.Joint.Length, m.Query.TargetRows),
        ImproveCritic m => (m.Lesson.Joint.Length, m.Lesson.Pairs.Length),
        Differentiate m => (m.Question.Joint.Length, 0),
        _ => default,
    };
}
