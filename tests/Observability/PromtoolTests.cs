namespace Simulator.Observability.Tests;

/// <summary>promtool on the files of docker/prometheus; on what is scraped see <see cref="Running.ScrapeTests"/>.</summary>
public sealed class PromtoolTests
{
    [SlowFact]
    public Task Prometheus_accepts_the_configuration() => AssertContentAsync("check", "config", Repository.File("docker", "prometheus", "prometheus.yml"));

    [SlowFact]
    public Task Prometheus_accepts_the_rules() => AssertContentAsync(["check", "rules", .. RuleFiles.Files("rules")]);

    [SlowFact]
    public Task The_rules_pass_their_tests() => AssertContentAsync(["test", "rules", .. RuleFiles.Files("tests")]);

    private static async Task AssertContentAsync(params string[] arguments)
    {
        var (status, lines) = await Promtool.RunAsync(null, arguments);
        Assert.True(status == 0, $"promtool {string.Join(' ', arguments)}\n{string.Join('\n', lines)}");
    }
}
