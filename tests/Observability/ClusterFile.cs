using System.Globalization;
using Akka.Configuration;

namespace Simulator.Observability.Tests;

/// <summary>What cluster.hocon, with what Akka.NET sets below it, says of things that the files of docker/ must agree with.</summary>
internal static class ClusterFile
{
    private static readonly Config Settings = ConfigurationFactory.ParseString(File.ReadAllText(Repository.File("cluster.hocon"))).WithFallback(ConfigurationFactory.Default());

    /// <summary>The port of a node for other nodes.</summary>
    public static string Port => Settings.GetString("akka.remote.dot-netty.tcp.port");

    /// <summary>How long a node may take to join before it gives up.</summary>
    public static TimeSpan Joining => Settings.GetTimeSpan("simulator.cluster.join-timeout");

    /// <summary>How long a node may take to leave: all phases, one behind another.</summary>
    public static TimeSpan Leaving
    {
        get
        {
            var phases = Settings.GetConfig("akka.coordinated-shutdown.phases").Root.GetObject().Items.Keys.ToList();
            Assert.Contains("cluster-sharding-shutdown-region", phases);
            var usual = Settings.GetTimeSpan("akka.coordinated-shutdown.default-phase-timeout");
            return phases.Aggregate(TimeSpan.Zero, (all, phase) => all + Settings.GetTimeSpan(string.Create(CultureInfo.InvariantCulture, $"akka.coordinated-shutdown.phases.{phase}.timeout"), usual));
        }
    }
}
