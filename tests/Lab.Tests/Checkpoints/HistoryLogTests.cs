using Simulator.Protocol;

namespace Simulator.Lab.Tests;

/// <summary>What a history log holds of a cell makes its history anew.</summary>
public sealed class HistoryLogTests
{
    private const int Episodes = 47;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    public void A_cell_that_goes_on_from_any_episode_keeps_the_same_rows_of_its_agents(int delay)
    {
        var undisturbed = new Told(delay);
        undisturbed.Run(Episodes);
        var expected = Rows(undisturbed.History);
        Assert.NotEmpty(expected);
        for (var cut = 0; cut < Episodes; cut++)
        {
            var first = new Told(delay);
            first.Run(cut);
            var second = first.GoOn();
            Assert.Equal(Rows(first.History), Rows(second.History));
            second.Run(Episodes);
            Assert.Equal(expected, Rows(second.History));

            // And what it wrote until then is enough for a third life.
            Assert.Equal(expected, Rows(second.GoOn().History));
        }
    }

    private static List<(int Episode, float GradientNorm, double ActionGradient)> Rows(CellHistory history) =>
        [.. history.Agents.Select(r => (r.Episode, r.Samples.Single().GradientNorm, r.Outputs.Single().ActionGradient))];

    /// <summary>A cell of one client whose actor learns after every d-th episode: what it has told, and the log of it.</summary>
    private sealed class Told(int delay)
    {
        private HistoryLog _log = new();
        private byte[] _stored = [];

        internal CellHistory History { get; } = new(OneClient(delay));

        /// <summary>Tells of the episodes that follow, up to one.</summary>
        internal void Run(int last)
        {
            if (!History.Begun)
            {
                var started = new PopulationProtocol.CellStarted(0, 0, []);
                History.Begin(started);
                _log.AddMessage(started);
            }

            for (var episode = History.EpisodeCount + 1; episode <= last; episode++)
            {
                var learned = episode >= Master.MasterAgent.EpisodesBeforeLearning && episode % delay == 0;
                if (learned)
                {
                    var outputs = new PopulationProtocol.AgentsLearned(0, 0, episode, 0, [new OutputDiagnostics(episode / 2.0, 1, 1, 0, default, default, default)]);
                    History.Add(outputs);
                    _log.Add(outputs);
                }

                var finished = new PopulationProtocol.EpisodeFinished(0, 0, episode, -episode, 0.1, default, Update(episode, learned));
                History.Add(finished);
                _log.Add(finished);
            }
        }

        /// <summary>Another life from what was stored of this one.</summary>
        internal Told GoOn()
        {
            var next = new Told(delay) { _stored = [.. _stored, .. _log.Take()] };
            HistoryLog.Replay(next._stored, next.History);
            next._log = new HistoryLog(next.History);
            return next;
        }

        private static UpdateReport? Update(int episode, bool learned)
        {
            var gradient = new GradientReport(1, 1, [1], 0);
            return episode < Master.MasterAgent.EpisodesBeforeLearning ? null
                : !learned ? new UpdateReport(gradient, null, null, 1, [])
                : new UpdateReport(
                    gradient, gradient, new ActivationSummary(1, 0, 1, 0, 0, 0, 0, 0, 0, 0), 1, [new AgentSample(AgentState.Learning, 0, 1, episode, false, default)])
                {
                    Outputs = new OutputDiagnostics(1, 1, 1, 0, default, default, default),
                };
        }

        private static PlannedCell OneClient(int delay)
        {
            var cell = TemporaryFolder.Plan().Cells[0];
            return cell with { Options = cell.Options with { Clients = 1, Mitigation = cell.Options.Mitigation with { ActorDelay = delay } } };
        }
    }
}
