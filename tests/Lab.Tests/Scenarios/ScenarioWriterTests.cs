using CsCheck;

namespace Simulator.Lab.Tests.Scenarios;

public class ScenarioWriterTests
{
    [Theory]
    [InlineData("")]
    [InlineData("name: true\nseed: 18446744073709551615\nenvironment: {capacitance: 5e-28, energy_weight: 1000000, server: TOBM, power_dbm: [-0.1, 1e-7]}\nlearning: {max_grad_norm: 1e12}")]
    [InlineData("name: \"-1\"\ncells: 3\nsweep: {learning.actor_rate: [0.1, 0.00001], environment.size_mb: [[1, 2], [3, 4e5]]}")]
    [InlineData("sweep:\n  - {}\n  - {learning.max_grad_norm: [~, 1], policy.variant: [large]}\n  - {seed: [1, 2]}", "learning.max_grad_norm=3", false)]
    [InlineData("sweep: {seed: [1, 2], environment.server: [h2, tobm], tracking.early_stop: [true, false]}", "sweep={clients: [1]}")]
    public void What_is_written_reads_back_to_an_equal_plan(string text, string? set = null, bool isPlan = true)
    {
        var reading = ScenarioReader.Parse("s.yaml", text, set is null ? [] : [set]);
        Assert.Equal(isPlan, reading.Succeeded);
        if (reading.Succeeded) AssertRoundTrip(reading.Plan);
    }

    [Fact]
    public void The_quickstart_reads_back_to_an_equal_plan() =>
        AssertRoundTrip(ScenarioReader.Read(Repository.File("experiments", "quickstart.yaml"), ["learning.gamma=0.9"], seed: 7, episodes: 8).Plan!);

    [Fact]
    public void Any_number_reads_back_to_the_same_number() =>
        Gen.Double[0, 1e6].Sample(value =>
        {
            var plan = Reading.Plan($"environment: {{energy_weight: {value:R}}}");
            AssertRoundTrip(plan);
            return plan.Scenario.Environment.EnergyWeight.Equals(value);
        });

    [Fact]
    public void Every_key_is_written_in_order_with_its_meaning()
    {
        var lines = ScenarioWriter.Write(new ScenarioOptions()).Split('\n');

        Assert.Equal("name: \"scenario\"  # Name of the scenario, which begins the output folder's; by default the name of the file.", lines[1]);
        Assert.Single(lines, line => line == "  capacitance: 5.0e-27  # Effective switched capacitance of a client's processor: energy is this times cycles times frequency squared.");
        Assert.Single(lines, line => line == "  power_dbm: [1, 24]  # Transmission power in dBm, drawn once for each client.");
        Assert.Single(lines, line => line == "  max_grad_norm: null  # Largest gradient norm of each network, 0 for no limit; null takes the variant's (1 for clipped, else 0).");

        var written = lines.Where(line => line.Contains(": ", StringComparison.Ordinal) && line[0] != '#' && !line.Contains(":  #", StringComparison.Ordinal));
        Assert.Equal([.. ScenarioSchema.Options.Select(option => option.Key), "sweep"], [.. written.Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)].Trim())]);
    }

    private static void AssertRoundTrip(ScenarioPlan plan)
    {
        var text = ScenarioWriter.Write(plan.Scenario);
        var again = ScenarioReader.Parse("elsewhere/scenario.yaml", text);

        Assert.Empty(again.Faults);
        Assert.Equal(plan.Scenario, again.Plan!.Scenario);
        Assert.Equal(plan.Cells.Select(Comparable), again.Plan.Cells.Select(Comparable));
        Assert.Equal(text, ScenarioWriter.Write(again.Plan.Scenario));
    }

    private static object Comparable(PlannedCell cell) => (cell.Name, cell.Configuration, cell.Run, cell.Options, string.Join(';', cell.Changed));
}
