using System.Diagnostics.Metrics;

namespace Simulator.Telemetry;

/// <summary>Members of a cluster that are alike.</summary>
/// <param name="Status">Their status, in small letters: joining, up, leaving and so on.</param>
/// <param name="Role">Their role; of several all, with a plus sign between them.</param>
/// <param name="Count">How many there are.</param>
public sealed record MemberCount(string Status, string Role, int Count);

/// <summary>
/// The cluster as this process sees it, for a scrape to read: whoever follows the membership leaves arrays here, and whoever hosts cells counts them. A process that is no member shows nothing.
/// </summary>
public static class ClusterMeasurements
{
    private static readonly Lock Gate = new();
    private static readonly HashSet<(string Status, string Role)> Seen = [];

    private static Measurement<double>[] _members = [];
    private static Measurement<double>[] _unreachable = [];
    private static bool _isMember;
    private static long _cells;

    /// <summary>Cells that this process hosts for the cluster.</summary>
    public static long CellCount => Interlocked.Read(ref _cells);

    internal static Measurement<double>[] Members => Volatile.Read(ref _members);

    internal static Measurement<double>[] Unreachable => Volatile.Read(ref _unreachable);

    internal static Measurement<double>[] Cells => Volatile.Read(ref _isMember) ? [new(CellCount)] : [];

    /// <summary>Shows the membership, in place of what was shown before.</summary>
    /// <param name="members">All members. What was there once and is no more is shown as 0: exporters repeat what they are not told of.</param>
    /// <param name="unreachable">How many of them cannot be reached.</param>
    public static void Show(IReadOnlyCollection<MemberCount> members, int unreachable)
    {
        lock (Gate)
        {
            Seen.UnionWith(members.Select(m => (m.Status, m.Role)));
            var counts = members.ToDictionary(m => (m.Status, m.Role), m => m.Count);
            Volatile.Write(ref _members, [.. Seen.Order().Select(s => new Measurement<double>(counts.GetValueOrDefault(s), new KeyValuePair<string, object?>("status", s.Status), new("role", s.Role)))]);
            Volatile.Write(ref _unreachable, [new(unreachable)]);
            Volatile.Write(ref _isMember, true);
        }
    }

    /// <summary>Shows nothing any more: the process is no member.</summary>
    public static void Clear()
    {
        lock (Gate)
        {
            Seen.Clear();
            Volatile.Write(ref _members, []);
            Volatile.Write(ref _unreachable, []);
            Volatile.Write(ref _isMember, false);
        }
    }

    /// <summary>Counts a cell that this process hosts from now on.</summary>
    public static void CellBegun() => Interlocked.Increment(ref _cells);

    /// <summary>Counts a cell that this process hosts no more.</summary>
    public static void CellEnded() => Interlocked.Decrement(ref _cells);
}
