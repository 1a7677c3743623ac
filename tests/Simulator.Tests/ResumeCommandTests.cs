using System.Text.Json;
using Simulator.Lab;
using Simulator.Protocol;

namespace Simulator.Tests;

/// <summary>What <c>run --resume</c> and <c>evaluate</c> say, and with which status.</summary>
public sealed class ResumeCommandTests : IDisposable
{
    private const string Yaml = "episodes: 6\nclients: 4\nlearning: { batch: 8, replay: 40 }\nenvironment: { steps: 2 }\nevaluation: { every: 3, episodes: 2 }\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Output => Path.Combine(_folder, "out");

    private string Scenario => Path.Combine(_folder, "s.yaml");

    [Fact]
    public async Task A_complete_run_has_nothing_to_continue_and_another_scenario_is_refused()
    {
        await File.WriteAllTextAsync(Scenario, Yaml, Token);
        await DoneAsync("run", Scenario, "--output", Output, "--quiet");
        var before = await File.ReadAllTextAsync(Path.Combine(Output, "population.json"), Token);

        var (status, output, error) = await RunAsync("run", "--output", Output, "--resume");
        Assert.Equal((ExitStatus.Done, string.Empty), (status, error));
        Assert.Contains("is complete; there is nothing to continue", output, StringComparison.Ordinal);
        await DoneAsync("run", Scenario, "--output", Output, "--resume", "--set", "checkpoint.seconds=1", "--set", "compute.threads=1");

        (status, _, error) = await RunAsync("run", "--output", Output, "--resume", "--episodes", "7");
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Contains("was begun with another scenario: episodes was 6, and now is 7;", error, StringComparison.Ordinal);
        (status, _, error) = await RunAsync("run", Scenario, "--output", Output, "--resume", "--seed", "7");
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Contains("seed was 42, and now is 7;", error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(Output, "population.json"), Token));

        (status, _, error) = await RunAsync("run", Scenario, "--output", Output);
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Contains("with --resume the run in it goes on", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_there_is_no_run_nothing_is_continued_and_nothing_is_made()
    {
        var (status, _, error) = await RunAsync("run", "--output", Output, "--resume");
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Contains("there is no run in", error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Output));
        Directory.CreateDirectory(Output);
        (status, _, error) = await RunAsync("run", "--output", Output, "--resume");
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Contains("has no scenario.yaml", error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(Output));
        (status, _, error) = await RunAsync("run", "--resume");
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Contains("the folder that --output names, and it names none", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_files_cannot_be_read_or_written_is_a_failure_in_one_line()
    {
        await File.WriteAllTextAsync(Scenario, Yaml, Token);
        await DoneAsync("run", Scenario, "--output", Output, "--quiet");
        File.Delete(Path.Combine(Output, "manifest.json"));
        Directory.CreateDirectory(Path.Combine(Output, "events.jsonl")); // A folder in its place.
        var (status, output, error) = await RunAsync("run", "--output", Output, "--resume");
        Assert.Equal((ExitStatus.Failed, string.Empty), (status, output));
        Assert.Contains("events.jsonl", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Output, "population.json")));
    }

    [Fact]
    public async Task A_store_that_nobody_names_is_wrong_usage_and_one_that_is_not_there_a_failure_in_one_line_each()
    {
        await File.WriteAllTextAsync(Scenario, Yaml, Token);
        string[] run = ["run", Scenario, "--output", Output, "--quiet", "--set", "checkpoint.store=postgres"];
        var (status, output, error) = await RunAsync(run);
        Assert.Equal((ExitStatus.WrongUsage, string.Empty), (status, output));
        Assert.Contains("SIMULATOR_STORE does not say where", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        try
        {
            System.Environment.SetEnvironmentVariable("SIMULATOR_STORE", $"postgres://me:s3cret@/checks?host={_folder}");
            (status, output, error) = await RunAsync(run);
            Assert.Equal((ExitStatus.Failed, string.Empty), (status, output));
            Assert.StartsWith("simulator: the run cannot begin: the PostgreSQL store: ", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
            Assert.DoesNotContain("s3cret", error, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(Output, "scenario.yaml")));

            // With the folder's store the same command begins, and is over before it could be resumed.
            await DoneAsync("run", Scenario, "--output", Output, "--quiet");
        }
        finally
        {
            System.Environment.SetEnvironmentVariable("SIMULATOR_STORE", null);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("policy: { sharing: shared }")]
    [InlineData("policy: { variant: fullnorm }")]
    [InlineData("mitigation: { observations: scaled, rewards: scaled, output: inverting }")]
    [InlineData("mitigation: { observations: running }")]
    [InlineData("policy: { sharing: shared }\nmitigation: { observations: running, rewards: scaled }")]
    public async Task Evaluate_gives_what_the_run_was_evaluated_to_at_its_end(string more)
    {
        await File.WriteAllTextAsync(Scenario, $"{Yaml}cells: 2\n{more}\n", Token);
        await DoneAsync("run", Scenario, "--output", Output, "--quiet");
        var (status, output, error) = await RunAsync("evaluate", Output);
        Assert.Equal((ExitStatus.Done, string.Empty), (status, error));
        Assert.Contains("base-s43", output, StringComparison.Ordinal);
        using var evaluation = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Output, "evaluation.json"), Token));
        foreach (var cell in evaluation.RootElement.EnumerateArray())
        {
            using var results = JsonDocument.Parse(
                await File.ReadAllBytesAsync(Path.Combine(Output, "cells", cell.GetProperty("name").GetString()!, "results.json"), Token));
            var last = results.RootElement.GetProperty("evaluation").EnumerateArray().Last();
            foreach (var key in (string[])["reward", "server_violation", "deadline_violation", "energy_violation"])
            {
                Assert.Equal(last.GetProperty(key).GetRawText(), cell.GetProperty(key).GetRawText());
            }

            foreach (var key in (string[])["baselines", "baseline_violations"])
            {
                Assert.True(JsonElement.DeepEquals(results.RootElement.GetProperty(key), cell.GetProperty(key)), key);
            }
        }

        Assert.Equal(2, evaluation.RootElement.GetArrayLength());
        var one = Path.Combine(Output, "cells", "base-s43");
        await DoneAsync("evaluate", one + Path.DirectorySeparatorChar, "--episodes", "5", "--device", "cpu");
        using var own = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(one, "evaluation.json"), Token));
        Assert.Equal(("base-s43", 5), (own.RootElement[0].GetProperty("name").GetString(), own.RootElement[0].GetProperty("episodes").GetInt32()));
    }

    [Theory]
    [InlineData("policies.safetensors", false, "it has ended (completed), and its policies.safetensors is missing")]
    [InlineData("critic.safetensors", false, "holds no critic.safetensors")]
    [InlineData("policies.safetensors", true, "is not a well-formed safetensors file")]
    [InlineData("critic.safetensors", true, "is not a well-formed safetensors file")]
    public async Task Evaluate_fails_where_networks_of_a_finished_cell_cannot_be_read_and_says_so_in_the_results(string file, bool damaged, string why)
    {
        await File.WriteAllTextAsync(Scenario, $"{Yaml}cells: 2\n", Token);
        await DoneAsync("run", Scenario, "--output", Output, "--quiet");
        foreach (var cell in (string[])["base-s43", "base-s42"])
        {
            var path = Path.Combine(Output, "cells", cell, file);
            File.Delete(path);
            if (damaged)
            {
                await File.WriteAllTextAsync(path, "no network", Token);
            }

            var (status, output, error) = await RunAsync("evaluate", Output);
            var failed = cell == "base-s43" ? 1 : 2;
            Assert.Equal(ExitStatus.Failed, status);
            Assert.Contains($"{cell} is left out: ", output, StringComparison.Ordinal);
            Assert.StartsWith($"simulator: {failed} of 2 cells could not be evaluated: ", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
            using var evaluation = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Output, "evaluation.json"), Token));
            var rows = evaluation.RootElement.EnumerateArray().ToList();
            Assert.Equal(2, rows.Count);
            Assert.Equal(2 - failed, rows.Count(r => r.GetProperty("reward").ValueKind == JsonValueKind.Number && r.GetProperty("left_out").ValueKind == JsonValueKind.Null));
            Assert.Contains(why, rows.Single(r => r.GetProperty("name").GetString() == cell).GetProperty("left_out").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Evaluate_leaves_out_what_has_not_come_to_its_end_without_a_failure()
    {
        await File.WriteAllTextAsync(Scenario, $"{Yaml}cells: 2\n", Token);
        await DoneAsync("run", Scenario, "--output", Output, "--quiet");
        Directory.Delete(Path.Combine(Output, "cells", "base-s43"), recursive: true);
        var (status, output, error) = await RunAsync("evaluate", Output);
        Assert.Equal((ExitStatus.Done, string.Empty), (status, error));
        Assert.Contains("base-s43 is left out: it has not come to its end, and left no networks", output, StringComparison.Ordinal);
        using var evaluation = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Output, "evaluation.json"), Token));
        Assert.Equal("it has not come to its end, and left no networks", evaluation.RootElement[1].GetProperty("left_out").GetString());
    }

    [Fact]
    public async Task Evaluate_says_what_is_wrong_with_a_folder()
    {
        await Wrong("there is no folder", "evaluate", Output);
        await Wrong("is no run and no cell of one", "evaluate", _folder);
        await Wrong("--episodes '0'", "evaluate", _folder, "--episodes", "0");
        await File.WriteAllTextAsync(Scenario, $"{Yaml}mode: act\n", Token);
        await DoneAsync("run", Scenario, "--output", Output, "--quiet");
        await Wrong("holds no policies to evaluate: base-s42: it learned nothing", "evaluate", Output);
        await Wrong("is no cell of the run", "evaluate", Directory.CreateDirectory(Path.Combine(Output, "cells", "other")).FullName);

        async Task Wrong(string expected, params string[] arguments)
        {
            var (status, output, error) = await RunAsync(arguments);
            Assert.Equal((ExitStatus.WrongUsage, string.Empty), (status, output));
            Assert.Contains(expected, error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(CellStatus.Completed, ExitStatus.Done, "")]
    [InlineData(CellStatus.Diverged, ExitStatus.Done, "")]
    [InlineData(CellStatus.Failed, ExitStatus.Failed, "simulator: 1 of 2 cells could not be evaluated: second")]
    public void Evaluate_fails_where_a_cell_failed(CellStatus status, int expected, string line)
    {
        using var error = new StringWriter();
        EvaluatedCell[] results = [Cell("first", CellStatus.Completed), Cell("second", status)];
        Assert.Equal(expected, EvaluateCommand.StatusOf(results, [], error));
        Assert.Equal(line, error.ToString().TrimEnd());

        static EvaluatedCell Cell(string name, CellStatus status) => new(name, 1, 5, null, null, [], null, status);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Runs a command that is done, without a complaint.</summary>
    private static async Task DoneAsync(params string[] arguments)
    {
        var (status, _, error) = await RunAsync(arguments);
        Assert.Equal((ExitStatus.Done, string.Empty), (status, error));
    }

    private static async Task<(int Status, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var status = await CommandLine.InvokeAsync(arguments, output, error);
        return (status, output.ToString(), error.ToString());
    }
}
