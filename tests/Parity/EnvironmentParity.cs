using System.Globalization;
using Simulator.Compute;
using Simulator.Environment;

namespace Simulator.Parity;

/// <summary>Kind environment: from each recorded state and joint action the same reward, batteries, ratios and end of episode.</summary>
internal static class EnvironmentParity
{
    private const double Tolerance = 1e-9;
    private const int ActionWidth = 3;

    internal static void Check(SafetensorsFile fixture)
    {
        var clients = int.Parse(fixture.Required("agents"), CultureInfo.InvariantCulture);
        var options = new EnvironmentOptions { Server = Enum.Parse<ServerMode>(fixture.Required("server_mode")) };
        var cell = new CellEnvironment(options, clients, seed: 0);

        var states = fixture.Doubles("state");
        var nextStates = fixture.Doubles("next_state");
        var actions = fixture.Doubles("action");
        var rewards = fixture.Doubles("reward");
        var done = fixture.Doubles("done");
        var first = fixture.Doubles("first");
        var energyRatios = fixture.Doubles("energy_violation_ratio");
        var deadlineRatios = fixture.Doubles("deadline_violation_ratio");

        var observations = clients * Observation.Width;
        Assert.Equal(first.Length * observations, states.Length);
        Assert.NotEmpty(first);
        var stepOfEpisode = 0;
        for (var step = 0; step < first.Length; step++, stepOfEpisode++)
        {
            if (first[step] > 0)
                stepOfEpisode = 0;
            cell.SetState(states.AsSpan(step * observations, observations), stepOfEpisode);

            var result = cell.Step(ToActions(actions.AsSpan(step * clients * ActionWidth, clients * ActionWidth)));

            Assert.Equal(done[step] > 0, result.Done);
            Close.Relative(energyRatios[step], result.EnergyViolationRatio, Tolerance, $"step {step}, energy violation ratio");
            Close.Relative(deadlineRatios[step], result.DeadlineViolationRatio, Tolerance, $"step {step}, deadline violation ratio");
            for (var client = 0; client < clients; client++)
            {
                Close.Relative(rewards[(step * clients) + client], result.Reward, Tolerance, $"step {step}, reward of client {client}");
                var next = nextStates.AsSpan((step * observations) + (client * Observation.Width), Observation.Width);
                Close.Relative(next[Observation.Energy], cell.Energies[client], Tolerance, $"step {step}, battery of client {client}");
                Close.Relative(next[Observation.Power], cell.Powers[client], Tolerance, $"step {step}, power of client {client}");
                Close.Relative(next[Observation.Gain], cell.Gains[client], Tolerance, $"step {step}, gain of client {client}");
                Close.Relative(next[Observation.Cpu], cell.Cpus[client], Tolerance, $"step {step}, processor of client {client}");
            }
        }
    }

    private static OffloadingAction[] ToActions(ReadOnlySpan<double> rows)
    {
        var actions = new OffloadingAction[rows.Length / ActionWidth];
        for (var client = 0; client < actions.Length; client++)
        {
            var row = rows.Slice(client * ActionWidth, ActionWidth);
            actions[client] = new((Placement)(int)row[0], row[1], row[2]);
        }

        return actions;
    }
}
