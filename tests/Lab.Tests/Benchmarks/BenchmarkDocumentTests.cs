using System.Text.Json;
using Simulator.Lab.Benchmarks;

namespace Simulator.Lab.Tests.Benchmarks;

public sealed class BenchmarkDocumentTests
{
    private static readonly MachineDescription Machine = new("Processor", 2, 1024, "System", "X64", "10.0", "2.10", 256);

    [Fact]
    public void A_figure_has_value_unit_interval_target_and_verdict()
    {
        var figure = Write(new Figure("time", 20, "ms") { Interval = new Interval(19, 21.5, Interval.Confidence), Samples = 7, Target = Target.AtMost(18), Note = "why" });
        Assert.Equal("physics", figure.GetProperty("part").GetString());
        Assert.Equal("time", figure.GetProperty("name").GetString());
        Assert.Equal(20, figure.GetProperty("value").GetDouble());
        Assert.Equal("ms", figure.GetProperty("unit").GetString());
        Assert.Equal(19, figure.GetProperty("interval").GetProperty("low").GetDouble());
        Assert.Equal(21.5, figure.GetProperty("interval").GetProperty("high").GetDouble());
        Assert.Equal(7, figure.GetProperty("samples").GetInt32());
        Assert.Equal("at most", figure.GetProperty("target").GetProperty("kind").GetString());
        Assert.Equal(18, figure.GetProperty("target").GetProperty("limit").GetDouble());
        Assert.False(figure.GetProperty("reached").GetBoolean());
        Assert.Equal("why", figure.GetProperty("note").GetString());
    }

    [Fact]
    public void What_is_not_there_is_null_infinities_too()
    {
        foreach (var figure in new[] { Write(Figure.Missing("time", "ms", "why")), Write(new Figure("time", double.PositiveInfinity, "ms")) })
        {
            foreach (var key in new[] { "value", "interval", "target", "reached" })
            {
                Assert.Equal(JsonValueKind.Null, figure.GetProperty(key).ValueKind);
            }
        }
    }

    [Fact]
    public void This_machine_has_a_description()
    {
        var machine = MachineDescription.Here();
        Assert.NotEmpty(machine.Processor);
        Assert.InRange(machine.Processors, 1, int.MaxValue);
        Assert.InRange(machine.MemoryBytes, 1, long.MaxValue);
        Assert.Contains(machine.SimdBits, new[] { 64, 128, 256, 512 });
    }

    [Fact]
    public void Names_of_parts_can_stand_on_a_command_line_and_are_unique()
    {
        Assert.All(BenchmarkSuite.Parts, p => Assert.Matches("^[a-z-]+$", p.Name));
        Assert.Equal(BenchmarkSuite.Parts.Count, BenchmarkSuite.Parts.Select(p => p.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public async Task Populations_without_a_figure_say_why_and_the_next_are_measured()
    {
        Task<TrialAnswer> Measure(TrialRequest request, CancellationToken cancellation) => request.Cells == 1
            ? throw new MeasurementException("out of memory")
            : Task.FromResult(new TrialAnswer([2], 1000 * 10, 2, true, 0, 4096 * 1000, 1L << 30));
        var settings = new BenchmarkSettings { Sizes = [new PopulationSize(50, Acting: false), new PopulationSize(1000, Acting: false)] };
        var parts = new List<PartFigures>();
        await BenchmarkSuite.RunAsync(
            BenchmarkSuite.Parts.Where(p => p.Name == "population"), new BenchmarkContext(settings, Measure), _ => { }, parts.Add, TestContext.Current.CancellationToken);

        var figures = Assert.Single(parts).Figures;
        Assert.Equal("out of memory", figures[0].Note);
        Assert.Equal([5000, 2, 4096, 1], figures.Skip(1).Select(f => f.Value!.Value));
    }

    private static JsonElement Write(Figure figure)
    {
        using var stream = new MemoryStream();
        BenchmarkDocument.Write(stream, Machine, DateTimeOffset.UnixEpoch, complete: true, [new PartFigures(BenchmarkSuite.Parts.Single(p => p.Name == "physics"), [figure])]);
        using var document = JsonDocument.Parse(stream.ToArray());
        return document.RootElement.GetProperty("figures")[0].Clone();
    }
}
