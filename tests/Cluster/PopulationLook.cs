using System.Diagnostics;
using System.Text.Json;

namespace Simulator.Cluster.Tests;

/// <summary>Watches a run by its address.</summary>
/// <param name="announcement">The line in which the run says where it listens.</param>
internal sealed class PopulationLook(string announcement) : IDisposable
{
    private readonly HttpClient _client = new() { BaseAddress = new Uri(announcement.Split(' ').First(w => w.StartsWith("http", StringComparison.Ordinal))) };

    public void Dispose() => _client.Dispose();

    /// <summary>Waits until a cell that was brought back does an episode.</summary>
    internal async Task NextEpisodeAsync(string cell, ProgramProcess run)
    {
        var began = Stopwatch.GetTimestamp();
        int? from = null;
        while (true)
        {
            Assert.False(run.HasExited, run.Said);
            Assert.True(Stopwatch.GetElapsedTime(began) < Wait.Patience, $"{cell} does no episode:\n{run.Said}");
            var (activity, episode) = await CellAsync(cell);
            if (from is null && activity == "running")
            {
                from = episode;
            }
            else if (from is { } start && episode > start)
            {
                return;
            }

            await Task.Yield();
        }
    }

    private async Task<(string? Activity, int Episode)> CellAsync(string name)
    {
        using var document = JsonDocument.Parse(await _client.GetStringAsync("api/population", TestContext.Current.CancellationToken));
        var cell = document.RootElement.GetProperty("cells").EnumerateArray().First(c => c.GetProperty("name").GetString() == name);
        return (cell.GetProperty("activity").GetString(), cell.GetProperty("episode").GetInt32());
    }
}
