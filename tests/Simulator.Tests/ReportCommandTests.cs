namespace Simulator.Tests;

public sealed class ReportCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string this[string name] => Path.Combine(_folder, name);

    [Fact]
    public async Task A_run_ends_with_its_report_and_report_writes_it_again()
    {
        var (status, output, error) = await RunAsync("one");
        Assert.Equal((ExitStatus.Done, ""), (status, error));
        var report = Path.Combine(this["one"], "report.html");
        Assert.EndsWith($"The report is {report}{System.Environment.NewLine}", output, StringComparison.Ordinal);
        var first = await File.ReadAllTextAsync(report, Token);
        Assert.Contains("<h1>s</h1>", first, StringComparison.Ordinal);
        Assert.Contains("base-s42", first, StringComparison.Ordinal);
        File.Delete(report);

        Assert.Equal((ExitStatus.Done, $"The report is {report}{System.Environment.NewLine}", ""), await InvokeAsync("report", this["one"]));
        Assert.Equal(first, await File.ReadAllTextAsync(report, Token));
    }

    [Fact]
    public async Task Several_runs_are_compared_in_one_file()
    {
        await RunAsync("one");
        await RunAsync("two", "--set", "learning.actor_rate=0.1");
        var file = this["compared/report.html"];
        var (status, output, error) = await InvokeAsync("report", this["one"], this["two"], "--output", file);
        Assert.Equal((ExitStatus.Done, $"The report is {file}{System.Environment.NewLine}", ""), (status, output, error));
        var page = await File.ReadAllTextAsync(file, Token);
        Assert.Contains("one/base-s42", page, StringComparison.Ordinal);
        Assert.Contains("two/base-s42", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_reference_layout_is_written_without_a_report()
    {
        await RunAsync("one");
        File.Delete(Path.Combine(this["one"], "report.html"));
        var (status, output, error) = await InvokeAsync("report", this["one"], "--reference-layout", this["layout"]);
        Assert.Equal((ExitStatus.Done, $"1 cell laid out in {this["layout"]}{System.Environment.NewLine}", ""), (status, output, error));
        Assert.True(File.Exists(Path.Combine(this["layout"], "actor_0.0001_critic_0.001_run_1", "tracking_data.json")));
        Assert.False(File.Exists(Path.Combine(this["one"], "report.html")));

        var (again, _, fault) = await InvokeAsync("report", this["one"], "--reference-layout", this["layout"]);
        Assert.Equal(ExitStatus.WrongUsage, again);
        Assert.StartsWith($"simulator: the output folder '{this["layout"]}' is not empty", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_run_is_wrong_usage_and_writes_nothing()
    {
        var (status, output, error) = await InvokeAsync("report", this["none"]);
        Assert.Equal((ExitStatus.WrongUsage, ""), (status, output));
        Assert.StartsWith("simulator: there is no folder '", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public async Task A_damaged_file_is_wrong_usage_and_leaves_the_older_report()
    {
        await RunAsync("one");
        var report = Path.Combine(this["one"], "report.html");
        var before = await File.ReadAllTextAsync(report, Token);
        var results = Path.Combine(this["one"], "cells", "base-s42", "results.json");
        await File.WriteAllTextAsync(results, "{\"name\"", Token);
        var (status, _, error) = await InvokeAsync("report", this["one"]);
        Assert.Equal(ExitStatus.WrongUsage, status);
        Assert.StartsWith($"simulator: {results}: ", error, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(report, Token));
    }

    [Fact]
    public async Task A_report_that_cannot_be_written_is_a_failure_that_is_told()
    {
        await RunAsync("one");
        Directory.CreateDirectory(this["taken"]);
        var (status, _, error) = await InvokeAsync("report", this["one"], "--output", this["taken"]);
        Assert.Equal(ExitStatus.Failed, status);
        Assert.Equal($"simulator: the report could not be written: '{this["taken"]}' is a folder{System.Environment.NewLine}", error);
    }

    [Fact]
    public async Task A_run_whose_report_fails_keeps_its_results_and_says_so()
    {
        await RunAsync("one");
        var report = Path.Combine(this["one"], "report.html");
        File.Delete(report);
        Directory.CreateDirectory(report);
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.False(await RunCommand.TryWriteReportAsync(this["one"], output, error));
        Assert.Empty(output.ToString());
        Assert.Equal($"simulator: the results are written, but their report {report} could not be: '{report}' is a folder{System.Environment.NewLine}", error.ToString());
        Assert.True(File.Exists(Path.Combine(this["one"], "cells", "base-s42", "results.json")));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private async Task<(int Status, string Output, string Error)> RunAsync(string folder, params string[] options)
    {
        var scenario = this["s.yaml"];
        await File.WriteAllTextAsync(scenario, "episodes: 12\nclients: 4\nlearning: { batch: 8, replay: 40 }\nenvironment: { steps: 2 }", Token);
        return await InvokeAsync(["run", scenario, "--output", this[folder], .. options]);
    }

    private static async Task<(int Status, string Output, string Error)> InvokeAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var status = await CommandLine.InvokeAsync(arguments, output, error);
        return (status, output.ToString(), error.ToString());
    }
}
