using System.Text.Json;
using Simulator.Compute;

namespace Simulator.Lab.Tests;

/// <summary>Interrupts runs, has them go on, and compares what they come to.</summary>
internal static class Interruptions
{
    internal static async Task InterruptAsync(this TemporaryFolder folders, string folder, ScenarioPlan plan, Func<Telemetry.PopulationProgress, bool> when, bool resume = false)
    {
        var time = new PatientTime();
        var run = resume
            ? PopulationRun.Resume(plan, ComputeDevice.Cpu, folders[folder], time)
            : PopulationRun.Prepare(plan, ComputeDevice.Cpu, folders[folder], time);
        using var interruption = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        time.WhenRead = () =>
        {
            if (!interruption.IsCancellationRequested && when(run.Progress))
            {
                interruption.Cancel();
            }
        };
        await run.ExecuteAsync(interruption.Token);
    }

    internal static async Task ResumeAsync(this TemporaryFolder folders, string folder, ScenarioPlan plan)
    {
        var run = PopulationRun.Resume(plan, ComputeDevice.Cpu, folders[folder], TimeProvider.System);
        Assert.Equal(RunStatus.Done, await run.ExecuteAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Every file of every cell, and the rows of the population but for the seconds.</summary>
    internal static void AssertSameFiles(this TemporaryFolder folders, ScenarioPlan plan, string folder = "resumed")
    {
        var expected = Files("undisturbed");
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Files(folder));
        Assert.Equal(Rows("undisturbed"), Rows(folder));
        Assert.Equal(plan.Cells.Count, Rows(folder).Count);

        Dictionary<string, string> Files(string name) => Directory.GetFiles(Path.Combine(folders[name], "cells"), "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(folders[name], f), f => CheckpointManifest.HashOf(File.ReadAllBytes(f)));

        List<string> Rows(string name)
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folders[name], "population.json")));
            return [.. json.RootElement.EnumerateArray().Select(r => string.Join('\n', r.EnumerateObject().Where(p => p.Name != "seconds").Select(p => p.ToString())))];
        }
    }
}
