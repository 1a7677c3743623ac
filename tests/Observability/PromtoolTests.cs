using System.Diagnostics;

namespace Simulator.Observability.Tests;

/// <summary>promtool, which comes with Prometheus, on the files of docker/prometheus.</summary>
public sealed class PromtoolTests
{
    [SlowFact]
    public Task Prometheus_accepts_the_configuration() => RunAsync("check", "config", Repository.File("docker", "prometheus", "prometheus.yml"));

    [SlowFact]
    public Task Prometheus_accepts_the_rules() => RunAsync(["check", "rules", .. RuleFiles.Files("rules")]);

    [SlowFact]
    public Task The_rules_pass_their_tests() => RunAsync(["test", "rules", .. RuleFiles.Files("tests")]);

    private static async Task RunAsync(params string[] arguments)
    {
        var program = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).SelectMany(folder => new[] { Path.Combine(folder, "promtool"), Path.Combine(folder, "promtool.exe") }).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "promtool is not on the path: it comes with Prometheus (Debian: apt-get install prometheus)");

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        using var promtool = Process.Start(new ProcessStartInfo(program!, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (promtool.StandardOutput.ReadToEndAsync(patience.Token), promtool.StandardError.ReadToEndAsync(patience.Token));
        await promtool.WaitForExitAsync(patience.Token);

        Assert.True(promtool.ExitCode == 0, $"promtool {string.Join(' ', arguments)}\n{await output}{await errors}");
    }
}
