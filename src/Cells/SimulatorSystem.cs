using Akka.Configuration;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Cells;

/// <summary>What an actor system of this simulator needs: its serializer, and the thread of its device.</summary>
public static class SimulatorSystem
{
    /// <summary>The configuration; what the caller sets goes before it.</summary>
    public static Config Configuration => ConfigurationFactory.ParseString(
        $$"""
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
        }
        {{BatchingActor.Configuration}}
        {{SimulatorSerializer.Configuration}}
        """);
}
