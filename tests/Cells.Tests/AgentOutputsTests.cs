using Simulator.Master;

namespace Simulator.Cells.Tests;

public sealed class AgentOutputsTests
{
    [Theory]
    [InlineData(UpdateMode.Simultaneous)]
    [InlineData(UpdateMode.Sequential)]
    public async Task Each_agents_outputs_come_with_every_update_and_are_what_the_cells_are_made_of(UpdateMode update)
    {
        var small = TestPopulation.Small();
        var log = await TestPopulation.RunAsync(small with { Learning = small.Learning with { Update = update } });
        foreach (var episode in log.Episodes)
        {
            var agents = log.Agents.Where(a => a.Episode == episode.Episode).ToList();
            if (episode.Update is not { Outputs: { } outputs } report)
            {
                Assert.Empty(agents);
                continue;
            }

            Assert.Equal(Enumerable.Range(0, small.Clients), agents.Select(a => a.Agent));
            Assert.Equal(report.Agents.Select(a => a.GradientNorm), agents.Select(a => (float)a.Outputs.ParameterGradient));
            Assert.Equal(Math.Sqrt(agents.Average(a => a.Outputs.ActionGradient * a.Outputs.ActionGradient)), outputs.ActionGradient, 1e-12 * outputs.ActionGradient);
            Assert.Equal(report.Actors!.GradientNorm, outputs.ActionGradient * outputs.SquashFactor * outputs.BodyFactor, 1e-9 * report.Actors.GradientNorm);
            Assert.Equal(agents.Average(a => a.Outputs.Cpu.Z90), outputs.Cpu.Z90, 1e-5f);
            Assert.Equal(report.Activations!.Slope, (outputs.Offload.Slope + outputs.Cpu.Slope + outputs.Power.Slope) / 3, 1e-5);
        }
    }
}
