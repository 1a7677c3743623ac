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
          # A device or population that fails ends, and the run with it: restarted, it would know nothing of its cells, and they would wait for ever.
          actor.guardian-supervisor-strategy = "Akka.Actor.StoppingSupervisorStrategy"
        }
        {{BatchingActor.Configuration}}
        {{SimulatorSerializer.Configuration}}
        """);
}
