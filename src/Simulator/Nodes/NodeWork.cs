using Akka.Actor;

namespace Simulator;

/// <summary>What a node does beside being a member of the cluster.</summary>
internal static class NodeWork
{
    /// <summary>Begins the work of a node; called once, when its actor system is there, and before it joins.</summary>
    /// <param name="system">The actor system.</param>
    /// <param name="settings">What the node is.</param>
    internal static void Start(ActorSystem system, NodeSettings settings) => system.ActorOf(Props.Create<MembershipTelemetry>(), MembershipTelemetry.Name);
}
