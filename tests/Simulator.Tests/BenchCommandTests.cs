using System.Text.Json;
using Simulator.Lab.Benchmarks;
using Spectre.Console.Testing;

namespace Simulator.Tests;

public sealed class BenchCommandTests : IDisposable
{
    private static readonly PartFigures Part = new(
        BenchmarkSuite.Parts.Single(p => p.Name == "physics"),
        [
            new Figure("short", 2.5, "us") { Interval = new Interval(2.25, 2.75, Interval.Confidence), Target = Target.AtMost(10) },
            new Figure("a longer name", 12_345, "bytes") { Target = Target.AtMost(0), Note = "[a note]" },
            Figure.Missing("missing", "s", "out of memory"),
        ]);

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--only 'speed': gemm, episode,", "--only", "speed")]
    [InlineData("--only '': gemm,", "--only", "physics,")]
    [InlineData("--sizes '75': multiples of 50", "--sizes", "100,75")]
    [InlineData("--limit 'soon': a number from 1", "--limit", "soon")]
    [InlineData("--effort '0': a number from 0.01", "--effort", "0")]
    [InlineData("'more' is one word too many for 'bench'", "more")]
    [InlineData("--only 'speed': gemm, episode,", "--only", "physics", "--only", "speed")]
    [InlineData("--trial is for the program itself", "--trial", "x")]
    [InlineData("--trial is for the program itself", "--trial", "null")]
    [InlineData("--trial needs one cell, client and episode at least", "--trial", "{}")]
    [InlineData("--trial needs one cell, client and episode at least", "--trial", """{"Cells":1,"ClientsEach":-5,"Replay":500,"Acting":true,"WarmUp":1,"Episodes":1,"LimitSeconds":1}""")]
    [InlineData("--trial needs one cell, client and episode at least", "--trial", """{"Cells":1,"ClientsEach":5,"Replay":500,"Acting":true,"WarmUp":1,"Episodes":0,"LimitSeconds":1}""")]
    public async Task A_wrong_option_says_what_is_allowed(string expected, params string[] options)
    {
        var (status, output, error) = await RunAsync(options);
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Empty(output);
        Assert.StartsWith($"simulator: {expected}", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_options_everything_is_measured()
    {
        var usual = new BenchmarkSettings();
        var arguments = Read();
        Assert.Null(arguments.Json);
        Assert.Equal(BenchmarkSuite.Parts, arguments.Parts);
        Assert.Equal(usual, arguments.Settings);
    }

    [Fact]
    public void Options_choose_parts_sizes_time_and_effort()
    {
        var arguments = Read("--only", "physics,gemm,physics", "--sizes", "act:100,50", "--limit", "7.5", "--effort", "0.5");
        Assert.Equal(["gemm", "physics"], arguments.Parts.Select(p => p.Name));
        Assert.Equal([new PopulationSize(100, Acting: true), new PopulationSize(50, Acting: false)], arguments.Settings.Sizes);
        Assert.Equal(TimeSpan.FromSeconds(7.5), arguments.Settings.Limit);
        Assert.Equal(0.5, arguments.Settings.Effort);
    }

    [Fact]
    public void Options_that_are_given_again_add_up()
    {
        var arguments = Read("--only", "physics", "--only", "gemm", "--sizes", "50", "--sizes", "act:100,150");
        Assert.Equal(["gemm", "physics"], arguments.Parts.Select(p => p.Name));
        Assert.Equal([new PopulationSize(50, Acting: false), new PopulationSize(100, Acting: true), new PopulationSize(150, Acting: false)], arguments.Settings.Sizes);
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_told_before_anything_is_measured()
    {
        var (status, output, error) = await RunAsync("--only", "physics", "--json", Path.Combine(_folder, "missing", "bench.json"));
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Empty(output);
        Assert.StartsWith("simulator: --json ", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task Help_names_every_part()
    {
        var (status, output, _) = await RunAsync("--help");
        Assert.Equal(ExitStatus.Done, status);
        Assert.All(BenchmarkSuite.Parts, p => Assert.Contains(p.Name, output, StringComparison.Ordinal));
        Assert.DoesNotContain("--trial", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_part_is_measured_shown_and_written()
    {
        var path = Path.Combine(_folder, "bench.json");
        var (status, output, error) = await RunAsync("--only", "physics", "--effort", "0.05", "--json", path);
        Assert.Equal(ExitStatus.Done, status);
        Assert.Empty(error);
        Assert.Contains("10 offload: step", output, StringComparison.Ordinal);

        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        var root = document.RootElement;
        Assert.True(root.GetProperty("complete").GetBoolean());
        Assert.True(root.GetProperty("date").TryGetDateTimeOffset(out _));
        foreach (var key in new[] { "processor", "processors", "memory_bytes", "system", "architecture", "dotnet", "libtorch", "simd_bits" })
        {
            Assert.True(root.GetProperty("machine").TryGetProperty(key, out _), key);
        }

        var figures = root.GetProperty("figures").EnumerateArray().ToList();
        Assert.Equal(4, figures.Count);
        Assert.All(figures, f => Assert.Equal("physics", f.GetProperty("part").GetString()));
        Assert.All(figures, f => Assert.NotEqual(JsonValueKind.Null, f.GetProperty("value").ValueKind));
    }

    [Fact]
    public void Lines_are_aligned_and_say_in_words_whether_targets_are_reached() => Assert.Equal(
        [
            "Physics of a step, 50 clients",
            "  short               2.50 us  2.25 to 2.75  at most 10.0 us  reached",
            "  a longer name  12,345 bytes                at most 0 bytes  missed",
            "  missing        not measured",
            "  a longer name: [a note]",
            "  missing: out of memory",
        ],
        BenchTable.Lines(Part));

    [Fact]
    public void A_terminal_shows_the_same_as_a_table()
    {
        using var console = new TestConsole();
        console.Profile.Width = 100;
        console.Write(BenchTable.Draw(Part));
        foreach (var text in new[] { "Physics of a step", "2.50 us", "2.25 to 2.75", "at most 10.0 us", "reached", "missed", "not measured", "[a note]", "out of memory" })
        {
            Assert.Contains(text, console.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1234567.8, "1,234,568")]
    [InlineData(139.4, "139")]
    [InlineData(-20.44, "-20.4")]
    [InlineData(1.054, "1.05")]
    [InlineData(0.05268, "0.0527")]
    [InlineData(0.00002, "2.00e-5")]
    public void Numbers_keep_three_figures(double value, string expected) => Assert.Equal(expected, BenchTable.Number(value));

    private static BenchArguments Read(params string[] options) => BenchCommandLine.Read(BenchCommandLine.Bench(TextWriter.Null, TextWriter.Null).Parse(options));

    private static async Task<(int Status, string Output, string Error)> RunAsync(params string[] options)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var status = await CommandLine.InvokeAsync(["bench", .. options], output, error);
        return (status, output.ToString(), error.ToString());
    }
}
