using System.Diagnostics;

namespace Simulator.Observability.Tests;

/// <summary>promtool, which comes with Prometheus.</summary>
internal static class Promtool
{
    /// <summary>Runs it; the test that asks is skipped where there is none.</summary>
    /// <param name="input">What it reads; null for nothing.</param>
    /// <param name="arguments">Its command line.</param>
    /// <returns>Its exit status, and the lines that it wrote.</returns>
    public static async Task<(int Status, string[] Lines)> RunAsync(string? input, params string[] arguments)
    {
        var program = Installed.Find("promtool");
        Assert.SkipWhen(program is null, Installed.PrometheusMissing);

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        using var promtool = Process.Start(new ProcessStartInfo(program!, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (promtool.StandardOutput.ReadToEndAsync(patience.Token), promtool.StandardError.ReadToEndAsync(patience.Token));
        await promtool.StandardInput.WriteAsync((input ?? "").AsMemory(), patience.Token);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync(patience.Token);
        return (promtool.ExitCode, $"{await output}\n{await errors}".Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }
}
