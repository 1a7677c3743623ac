using Simulator.Protocol;

namespace Simulator.Lab.Tests.Live;

/// <summary>Histories of a cell that never ran, with numbers that differ between episodes and agents.</summary>
internal static class Histories
{
    internal static CellHistory Of(int agents, int episodes)
    {
        var plan = ScenarioReader.Parse("cell.yaml", $"clients: {agents}\nepisodes: {Math.Max(1, episodes)}");
        var history = new CellHistory(plan.Plan!.Cells[0]);
        history.Begin(new PopulationProtocol.CellStarted(0, 0, [new BaselineReward("all_local", -400, default), new BaselineReward("greedy", -500, default)]));
        for (var episode = 1; episode <= episodes; episode++)
        {
            var samples = Enumerable.Range(0, agents).Select(a => Sample(episode, a, agents)).ToArray();
            var outputs = Enumerable.Range(0, agents).Select(a => Outputs(episode + a)).ToArray();
            for (var first = 0; first < agents; first += PopulationProtocol.MaximumAgents)
            {
                history.Add(new PopulationProtocol.AgentsLearned(0, 0, episode, first, outputs[first..Math.Min(agents, first + PopulationProtocol.MaximumAgents)]));
            }

            var norm = 1 + ((episode * 7) % 5);
            var update = new UpdateReport(new GradientReport(1, norm, [norm], 0), new GradientReport(1, 1e-3 * norm, [norm], 0), null, 0.5, samples) { Outputs = Outputs(episode) };
            history.Add(new PopulationProtocol.EpisodeFinished(0, 0, episode, -1000 - ((episode * 13) % 17), 0.1, default, update));
        }

        return history;
    }

    private static AgentSample Sample(int episode, int agent, int agents) => new(
        episode > 20 ? AgentState.Saturated : AgentState.Learning, (float)((agent * 37) % agents) / agents, 1f / (episode + agent), 1e-3f / episode, false, new AgentOutcomes(0, 21, 0, 0));

    private static OutputDiagnostics Outputs(int seed) => new(
        0.5 / seed, 0.1 / seed, 0.3 / seed, 0.25, Action(seed), Action(seed + 1), Action(seed + 2));

    private static ActionOutputs Action(int seed) => new(
        (seed % 10) / 10f, (seed % 7) / 10f, 0.05f, 0.02f, 0.4f, seed, 2f * seed, 3f * seed, float.NaN, 0.5f, 0.01f);
}
