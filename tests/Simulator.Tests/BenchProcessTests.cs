using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Simulator.Tests;

/// <summary><c>simulator bench</c> as a process, with the processes that it starts itself.</summary>
public sealed partial class BenchProcessTests : IDisposable
{
    private const int InterruptSignal = 2;
    private const int Killed = 137;

    private readonly string _folder = Directory.CreateTempSubdirectory("simulator-").FullName;

    private string Json => Path.Combine(_folder, "bench.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [SlowFact]
    public async Task A_population_is_measured_in_a_process_of_its_own()
    {
        using var process = Start("--only", "population", "--sizes", "100", "--effort", "0.1", "--json", Json);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("100 learning: client steps", output, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(Json, TestContext.Current.CancellationToken));
        var figures = document.RootElement.GetProperty("figures").EnumerateArray().ToList();
        Assert.Equal(4, figures.Count);
        Assert.All(figures, f => Assert.NotEqual(JsonValueKind.Null, f.GetProperty("value").ValueKind));
    }

    [SlowFact]
    public async Task An_interrupt_ends_the_benchmark_with_what_was_measured_so_far()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent with kill.");
        using var process = Start("--only", "physics,population", "--sizes", "10000", "--json", Json);
        string? line;
        do
        {
            line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.NotNull(line);
        }
        while (!line.Contains("all offload: allocated", StringComparison.Ordinal));

        Assert.Equal(0, Kill(process.Id, InterruptSignal));

        var rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("Interrupted", rest, StringComparison.Ordinal);
        using var document = JsonDocument.Parse(await File.ReadAllBytesAsync(Json, TestContext.Current.CancellationToken));
        Assert.False(document.RootElement.GetProperty("complete").GetBoolean());
        Assert.Equal(4, document.RootElement.GetProperty("figures").GetArrayLength());
    }

    [SlowFact]
    public async Task A_process_that_measures_ends_with_its_input()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Its status would be another there.");
        var request = """{"Cells":1,"ClientsEach":50,"Replay":500,"Acting":false,"WarmUp":1,"Episodes":1000000,"LimitSeconds":600}""";
        using var process = Start("--trial", request);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Equal(Killed, process.ExitCode);
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory };
        foreach (var argument in (string[])[typeof(CommandLine).Assembly.Location, "bench", .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
