using Simulator.Environment;

namespace Simulator.Master;

/// <summary>Transitions of a replay memory that were added one after the other. The state of the first is there, and of each whose S is not the S' of the one before it.</summary>
/// <param name="First">Number of the first, counted from the beginning of the cell.</param>
/// <param name="Clients">N.</param>
/// <param name="Begins">Whether S of a transition is there, [count].</param>
/// <param name="States">Raw observations: of each transition S where it is there, then S', [rows, N, 7].</param>
/// <param name="Actions">Raw noisy actions, [count, N, 3].</param>
/// <param name="Selected">Which clients offloaded, [count, N].</param>
/// <param name="Rewards">Raw rewards, [count].</param>
/// <param name="Done">Whether the episode ended with a transition, [count].</param>
public sealed record ReplaySegment(long First, int Clients, bool[] Begins, float[] States, float[] Actions, bool[] Selected, double[] Rewards, bool[] Done)
{
    /// <summary>Floats that one segment may hold (64 MiB), so that none grows beyond what a file's reader takes.</summary>
    internal const int MostFloats = 16 * 1024 * 1024;

    /// <summary>Number of transitions.</summary>
    public int Count => Rewards.Length;

    /// <summary>Number behind the last one.</summary>
    public long End => First + Count;

    /// <summary>The transitions that a memory holds from a number on, in as many segments as their size asks for.</summary>
    /// <param name="replay">The memory.</param>
    /// <param name="from">Number of the first; transitions before it are left out.</param>
    public static IReadOnlyList<ReplaySegment> Since(PrioritizedReplay replay, long from)
    {
        var most = Math.Max(1, MostFloats / (replay.Clients * ((2 * Observation.Width) + RawAction.Width)));
        var segments = new List<ReplaySegment>();
        for (var first = Math.Max(from, replay.Added - replay.Count); first < replay.Added; first += most)
        {
            segments.Add(Of(replay, first, (int)Math.Min(most, replay.Added - first)));
        }

        return segments;
    }

    /// <summary>Fills a new memory with the transitions that another one held.</summary>
    /// <param name="replay">The memory, empty, with the number of the oldest transition held as its first.</param>
    /// <param name="segments">Segments in order, without a gap; they may overlap. What lies before the oldest transition held is passed over.</param>
    /// <param name="priorities">Priorities of the transitions held, oldest first.</param>
    /// <param name="added">Transitions ever added.</param>
    /// <exception cref="InvalidDataException">The segments have a gap, or do not hold what the memory held.</exception>
    public static void Refill(PrioritizedReplay replay, IEnumerable<ReplaySegment> segments, double[] priorities, long added)
    {
        var (clients, oldest) = (replay.Clients, replay.Added);
        var next = long.MaxValue;
        ReadOnlySpan<float> state = [];
        foreach (var segment in segments)
        {
            if (segment.First > next || segment.Clients != clients)
            {
                throw new InvalidDataException($"a replay segment of {segment.Clients} clients begins at {segment.First}, where {next} of {clients} clients is next");
            }

            var width = clients * Observation.Width;
            for (int i = 0, row = 0; i < segment.Count; i++)
            {
                if (segment.Begins[i])
                {
                    state = segment.States.AsSpan(row++ * width, width);
                }

                var number = segment.First + i;
                var isNew = number >= replay.Added;
                if (isNew && (number == oldest || segment.Begins[i]))
                {
                    replay.BeginEpisode(state);
                }

                state = segment.States.AsSpan(row++ * width, width);
                if (isNew && number - oldest < priorities.Length)
                {
                    var slot = replay.Add(
                        segment.Actions.AsSpan(i * clients * RawAction.Width, clients * RawAction.Width),
                        segment.Selected.AsSpan(i * clients, clients),
                        segment.Rewards[i],
                        state,
                        segment.Done[i],
                        error: 0);
                    replay.SetPriority(slot, priorities[number - oldest]);
                }
            }

            next = segment.End;
        }

        if (replay.Added != added || replay.Count != priorities.Length)
        {
            throw new InvalidDataException($"replay segments end at {replay.Added} with {replay.Count} transitions, where {added} with {priorities.Length} were held");
        }
    }

    private static ReplaySegment Of(PrioritizedReplay replay, long first, int count)
    {
        var begins = new bool[count];
        var rows = count;
        for (var i = 0; i < count; i++)
        {
            begins[i] = i == 0 || replay.BeginsStates(Slot(i));
            rows += begins[i] ? 1 : 0;
        }

        var (clients, row) = (replay.Clients, 0);
        var segment = new ReplaySegment(
            first,
            clients,
            begins,
            new float[rows * clients * Observation.Width],
            new float[count * clients * RawAction.Width],
            new bool[count * clients],
            new double[count],
            new bool[count]);
        for (var i = 0; i < count; i++)
        {
            var slot = Slot(i);
            if (begins[i])
            {
                replay.State(slot).CopyTo(segment.States.AsSpan(row++ * clients * Observation.Width));
            }

            replay.NextState(slot).CopyTo(segment.States.AsSpan(row++ * clients * Observation.Width));
            replay.Actions(slot).CopyTo(segment.Actions.AsSpan(i * clients * RawAction.Width));
            replay.Selected(slot).CopyTo(segment.Selected.AsSpan(i * clients));
            segment.Rewards[i] = replay.Reward(slot);
            segment.Done[i] = replay.Done(slot);
        }

        return segment;

        int Slot(int i) => (int)((first + i) % replay.Capacity);
    }
}
