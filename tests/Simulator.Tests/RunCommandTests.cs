using System.Text.Json;

namespace Simulator.Tests;

public sealed class RunCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Output => Path.Combine(_folder, "out");

    [Theory]
    [InlineData("clients: 0", "s.yaml:1: clients: 0 is out of range; allowed: whole numbers from 1 to 1000000")]
    [InlineData("learning: { actor_rate: -0.1 }", "s.yaml:1: learning.actor_rate: -0.1 is out of range; allowed: numbers from 0 to 1000")]
    [InlineData("learning: { critic_rate: .nan }", "s.yaml:1: learning.critic_rate: '.nan' is not a finite number; allowed: numbers from 0 to 1000")]
    [InlineData("clients: many", "s.yaml:1: clients: 'many' is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("seed: 1\nlerning: {}", "s.yaml:2: lerning: unknown key;*did you mean 'learning'?")]
    [InlineData("learning: { batch: 64, replay: 32 }", "s.yaml:1: learning.batch:*32*")]
    [InlineData("clients: [1", "s.yaml:*: the YAML cannot be read:*")]
    public async Task A_faulty_scenario_is_one_clear_line_and_writes_nothing(string yaml, string expected)
    {
        var (status, output, error) = await RunAsync(yaml);
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Empty(output);
        var line = Assert.Single(error.TrimEnd().Split('\n')).Replace(_folder + Path.DirectorySeparatorChar, string.Empty, StringComparison.Ordinal);
        Assert.Matches("^" + System.Text.RegularExpressions.Regex.Escape(expected).Replace("\\*", ".*", StringComparison.Ordinal) + "$", line);
        Assert.False(Path.Exists(Output));
    }

    [Theory]
    [InlineData("simulator: --seed 'x': a whole number", "--seed", "x")]
    [InlineData("simulator: --episodes '0': a whole number from 1", "--episodes", "0")]
    [InlineData("simulator: '--bogus' is no option of 'run'", "--bogus")]
    [InlineData("simulator: '--epsiodes' is no option of 'run'; did you mean '--episodes'?", "--epsiodes", "5")]
    [InlineData("simulator: '--episodse' is no option of 'run'; did you mean '--episodes'?", "--episodse=5")]
    [InlineData("simulator: '--quite' is no option of 'run'; did you mean '--quiet'?", "--set", "--quite")]
    [InlineData("simulator: '-quiet' is no option of 'run'; did you mean '--quiet'?", "-quiet")]
    [InlineData("simulator: 'gpu' is no device: auto, cpu, cuda or cuda:N is allowed", "--device", "gpu")]
    [InlineData("simulator: device 'cuda:99' is not there", "--device", "cuda:99")]
    [InlineData("--set clients: ", "--set", "clients")]
    [InlineData("--set client=3: client: unknown key", "--set", "client=3")]
    public async Task A_wrong_option_says_what_is_allowed_and_writes_nothing(string expected, params string[] options)
    {
        var (status, output, error) = await RunAsync("clients: 5", options);
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Empty(output);
        Assert.StartsWith(expected, error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Output));
    }

    [Theory]
    [InlineData("'simulate' is no command", "simulate")]
    [InlineData("'rnu' is no command; did you mean 'run'?", "rnu")]
    [InlineData("'rnu' is no command; did you mean 'run'?", "rnu", "s.yaml", "--quiet")]
    [InlineData("'b.yaml' is one word too many for 'run'", "run", "a.yaml", "b.yaml")]
    [InlineData("--set needs a value, KEY=VALUE", "run", "--set")]
    [InlineData("--seed needs a value, N", "run", "--seed")]
    [InlineData("'evaluate' needs DIR: Folder that a run wrote, or that of one of its cells (cells/NAME in it).", "evaluate")]
    [InlineData("'report' needs DIR: Folder that a run wrote; where several are named, one report compares their cells.", "report")]
    [InlineData("'--verison' is no option; did you mean '--version'?", "--verison")]
    [InlineData("'--epsiodes' is no option of 'run'; did you mean '--episodes'?", "run", "--epsiodes", "5")]
    [InlineData("'--epsiodes' is no option of 'run'; did you mean '--episodes'?", "run", "--epsiodes", "5", "s.yaml")]
    [InlineData("'--resum' is no option of 'run'; did you mean '--resume'?", "run", "--resum")]
    [InlineData("'--quite' is no option of 'run'; did you mean '--quiet'?", "run", "--output", "--quite")]
    [InlineData("'--outpt' is no option of 'report'; did you mean '--output'?", "report", "d", "--outpt", "x.html")]
    [InlineData("'--device' is no option of 'report'", "report", "--device", "d")]
    [InlineData("'--episode' is no option of 'evaluate'; did you mean '--episodes'?", "evaluate", "--episode")]
    [InlineData("'--jsn' is no option of 'bench'; did you mean '--json'?", "bench", "--jsn", "x")]
    public async Task A_word_that_is_no_command_or_option_is_wrong_usage_and_never_a_file(string line, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(ExitStatus.WrongUsage, await CommandLine.InvokeAsync(arguments, output, error));
        var command = arguments[0] is "run" or "report" or "evaluate" or "bench" ? arguments[0] + " " : "";
        Assert.Equal([$"simulator: {line}", $"simulator: 'simulator {command}--help' lists what is allowed"], error.ToString().TrimEnd().Split(System.Environment.NewLine));
        Assert.Empty(output.ToString());
    }

    [Fact]
    public async Task A_missing_scenario_and_a_folder_in_its_place_are_told()
    {
        using var error = new StringWriter();
        Assert.Equal(ExitStatus.WrongUsage, await CommandLine.InvokeAsync(["run", Path.Combine(_folder, "no.yaml"), "--output", Output], TextWriter.Null, error));
        Assert.EndsWith("no.yaml: there is no such file" + System.Environment.NewLine, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(ExitStatus.WrongUsage, await CommandLine.InvokeAsync(["run", _folder, "--output", Output], TextWriter.Null, error));
        Assert.Contains("this is a folder", error.ToString(), StringComparison.Ordinal);
        Assert.False(Path.Exists(Output));
    }

    [Fact]
    public async Task A_run_without_a_terminal_prints_plain_lines_and_says_in_words_what_happened()
    {
        var (status, output, error) = await RunAsync(
            """
            episodes: 12
            clients: 4
            learning: { batch: 8, replay: 40 }
            environment: { steps: 2 }
            """,
            "--seed",
            "5");
        Assert.Equal(ExitStatus.Done, status);
        Assert.Empty(error);
        Assert.DoesNotContain('\u001b', output);
        Assert.Contains("base-s5: episode 12 of 12, completed; reward -", output, StringComparison.Ordinal);
        Assert.Contains("All 12 episodes are done.", output, StringComparison.Ordinal);
        Assert.Contains($"The results are in {Output}:", output, StringComparison.Ordinal);
        using var results = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(Output, "cells", "base-s5", "results.json"), TestContext.Current.CancellationToken));
        Assert.Equal(12, results.RootElement.GetProperty("total_episodes").GetInt32());
    }

    [Fact]
    public async Task Networks_that_are_not_there_are_told_with_their_place_before_anything_is_written()
    {
        var (status, output, error) = await RunAsync("mode: act\npolicy:\n  from: no/such/run");
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.Empty(output);
        Assert.EndsWith($"s.yaml:3: policy.from: there is no folder 'no/such/run'; name the folder of a finished run with one cell, or of one of its cells{System.Environment.NewLine}", error, StringComparison.Ordinal);
        Assert.False(Path.Exists(Output));
    }

    [Fact]
    public async Task A_large_population_is_spoken_of_as_a_whole()
    {
        var (status, output, _) = await RunAsync("mode: act\nclients: 2\ncells: 150\nepisodes: 3\nenvironment: { steps: 2 }");
        Assert.Equal(ExitStatus.Done, status);
        Assert.Contains("150 cells: 150 have ended, 100 % of their episodes are done; reward -", output, StringComparison.Ordinal);
        Assert.DoesNotContain("episode 3 of 3", output, StringComparison.Ordinal);
        Assert.Contains("150 cells: 150 completed; 20 of them are described above.", output, StringComparison.Ordinal);
    }

    private async Task<(int Status, string Output, string Error)> RunAsync(string yaml, params string[] options)
    {
        var scenario = Path.Combine(_folder, "s.yaml");
        await File.WriteAllTextAsync(scenario, yaml, TestContext.Current.CancellationToken);
        using var output = new StringWriter();
        using var error = new StringWriter();
        var status = await CommandLine.InvokeAsync(["run", scenario, "--output", Output, .. options], output, error);
        return (status, output.ToString(), error.ToString());
    }
}
