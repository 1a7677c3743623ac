using Akka.Actor;
using Akka.Cluster;
using Simulator.Telemetry;

namespace Simulator;

/// <summary>Follows the membership of the cluster, and leaves it where a scrape reads it (<see cref="ClusterMeasurements"/>).</summary>
internal sealed class MembershipTelemetry : ReceiveActor
{
    private readonly Cluster _cluster = Cluster.Get(Context.System);
    private readonly Dictionary<UniqueAddress, Member> _members = [];
    private readonly HashSet<UniqueAddress> _unreachable = [];

    /// <summary>Name of the actor.</summary>
    internal const string Name = "membership-telemetry";

    /// <summary>Made by the actor system.</summary>
    public MembershipTelemetry()
    {
        Receive<ClusterEvent.CurrentClusterState>(state =>
        {
            foreach (var member in state.Members)
            {
                _members[member.UniqueAddress] = member;
            }

            _unreachable.UnionWith(state.Unreachable.Select(m => m.UniqueAddress));
            Show();
        });
        Receive<ClusterEvent.MemberRemoved>(e =>
        {
            _members.Remove(e.Member.UniqueAddress);
            _unreachable.Remove(e.Member.UniqueAddress);
            Show();
        });
        Receive<ClusterEvent.IMemberEvent>(e =>
        {
            _members[e.Member.UniqueAddress] = e.Member;
            Show();
        });
        Receive<ClusterEvent.UnreachableMember>(e =>
        {
            _unreachable.Add(e.Member.UniqueAddress);
            Show();
        });
        Receive<ClusterEvent.ReachableMember>(e =>
        {
            _unreachable.Remove(e.Member.UniqueAddress);
            Show();
        });
    }

    /// <inheritdoc/>
    protected override void PreStart() => _cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _cluster.Unsubscribe(Self);
        ClusterMeasurements.Clear();
    }

    private void Show() => ClusterMeasurements.Show(
        [.. _members.Values.GroupBy(m => (Status: m.Status.ToString().ToLowerInvariant(), Role: string.Join('+', m.Roles.Order(StringComparer.Ordinal)))).Select(g => new MemberCount(g.Key.Status, g.Key.Role, g.Count()))],
        _unreachable.Count);
}
