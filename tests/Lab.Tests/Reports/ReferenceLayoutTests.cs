using System.Text.Json;
using Simulator.Lab.Reports;

namespace Simulator.Lab.Tests.Reports;

public sealed class ReferenceLayoutTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("results.json", "sample-results.json")]
    [InlineData("tracking_data.json", "sample-tracking_data.json")]
    public async Task Files_have_the_researchs_keys_in_its_order_and_types_and_none_else(string file, string sample)
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        var outcome = ReferenceLayout.Write([run.Folder], _folder["layout"]);
        Assert.Equal(2, outcome.Cells);
        Assert.Empty(outcome.Notes);
        using var ours = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder[$"layout/actor_0.05_critic_0.01_run_1/{file}"], Token));
        using var theirs = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", sample), Token));
        Compare(theirs.RootElement, ours.RootElement, file);
    }

    [Fact]
    public async Task Numbers_are_those_of_the_cell_and_a_run_that_never_stopped_has_its_episode_count()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        ReferenceLayout.Write([run.Folder], _folder["layout"]);
        var history = run.Histories[1];
        Assert.Null(history.StoppingEpisode);
        using var results = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder["layout/actor_0.001_critic_0.01_run_1/results.json"], Token));
        Assert.Equal(24, results.RootElement.GetProperty("stopping_episode").GetInt32());
        Assert.Equal(history.Episodes.Select(e => e.Reward), results.RootElement.GetProperty("all_rewards").EnumerateArray().Select(e => e.GetDouble()));
        Assert.Equal(5, results.RootElement.GetProperty("per_actor_stopped").GetArrayLength());
        using var tracking = JsonDocument.Parse(await File.ReadAllBytesAsync(_folder["layout/actor_0.001_critic_0.01_run_1/tracking_data.json"], Token));
        Assert.Equal(
            history.Episodes.Where(e => e.Episode % 10 == 0).Select(e => e.Update!.Critic.LayerNorms[1]),
            tracking.RootElement.GetProperty("gradient_history").EnumerateArray().Select(e => e.GetProperty("critic_per_layer").GetProperty("fc2").GetDouble()));
    }

    [Fact]
    public void Whole_numbers_among_measurements_are_written_as_pythons_floats()
    {
        ReferenceLayout.Write([new SampleRun().Add(0.1, 0.0001).Write(_folder["run"])], _folder["layout"]);
        var text = File.ReadAllText(_folder["layout/actor_0.1_critic_0.0001_run_1/tracking_data.json"]);
        Assert.Contains("\"critic_grad\": 100000.0", text, StringComparison.Ordinal);
        Assert.Contains("\"min\": -1.0", text, StringComparison.Ordinal);
        Assert.Contains("\"episode\": 10,", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Seeds_are_counted_and_other_keys_have_layouts_of_their_own()
    {
        var run = new SampleRun().Add(0.1, 0.01, 42).Add(0.1, 0.01, 43)
            .Add(0.1, 0.01, 42, more: ("policy.variant", "linear")).Add(0.1, 0.01, 44, "interrupted", false, ("policy.variant", "linear")).Write(_folder["run"]);
        var outcome = ReferenceLayout.Write([run], _folder["layout"]);
        Assert.Equal(3, outcome.Cells);
        Assert.Equal(
            ["base/actor_0.1_critic_0.01_run_1", "base/actor_0.1_critic_0.01_run_2", "variant-linear/actor_0.1_critic_0.01_run_1"],
            Directory.GetFiles(_folder["layout"], "results.json", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_folder["layout"], Path.GetDirectoryName(f)!).Replace('\\', '/')).Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                "linear-0.1-0.01-s44 is not laid out: it has no results.json",
                "other keys than the learning rates differ: there is a layout for each configuration of them, in base, variant-linear",
            ],
            outcome.Notes);
    }

    [Fact]
    public void Runs_of_other_seeds_are_the_runs_of_one_layout()
    {
        var runs = new ulong[] { 42, 43 }.Select(seed => new SampleRun().Add(0.1, 0.01, seed).Write(_folder[$"seed-{seed}"])).ToList();
        var outcome = ReferenceLayout.Write(runs, _folder["layout"]);
        Assert.Empty(outcome.Notes);
        Assert.Equal(["actor_0.1_critic_0.01_run_1", "actor_0.1_critic_0.01_run_2"], Directory.GetDirectories(_folder["layout"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_layout_holds_its_files_and_nothing_else()
    {
        var run = new SampleRun().Add(0.1, 0.01).Add(0.1, 0.01, 43).Write(_folder["run"]);
        ReferenceLayout.Write([run], _folder["layout"]);
        Assert.Equal(
            [
                "actor_0.1_critic_0.01_run_1", "actor_0.1_critic_0.01_run_1/results.json", "actor_0.1_critic_0.01_run_1/tracking_data.json",
                "actor_0.1_critic_0.01_run_2", "actor_0.1_critic_0.01_run_2/results.json", "actor_0.1_critic_0.01_run_2/tracking_data.json",
            ],
            Directory.GetFileSystemEntries(_folder["layout"], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(_folder["layout"], f).Replace('\\', '/')).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Cells_that_did_not_come_to_their_end_are_named()
    {
        var run = new SampleRun().Add(0.1, 0.01).Add(0.01, 0.01, status: "interrupted").Add(0.001, 0.01, status: "diverged").Add(0.0001, 0.01, status: "failed").Write(_folder["run"]);
        var outcome = ReferenceLayout.Write([run], _folder["layout"]);
        Assert.Equal(4, outcome.Cells);
        Assert.Equal(
            [
                "0.01-0.01-s42 is laid out unfinished: it was interrupted after 60 episodes", "0.001-0.01-s42 is laid out unfinished: it diverged after 60 episodes",
                "0.0001-0.01-s42 is laid out unfinished: it failed after 60 episodes",
            ],
            outcome.Notes);
    }

    [Fact]
    public void Treatments_whose_folders_would_have_one_name_stay_apart()
    {
        var run = new SampleRun().Add(0.1, 0.01, 42, more: ("policy.from", "a/b")).Add(0.1, 0.01, 42, more: ("policy.from", "a b")).Write(_folder["run"]);
        var outcome = ReferenceLayout.Write([run], _folder["layout"]);
        Assert.Equal(["from-a_b", "from-a_b-2"], Directory.GetDirectories(_folder["layout"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.EndsWith("in from-a_b, from-a_b-2", Assert.Single(outcome.Notes), StringComparison.Ordinal);
        Assert.All(Directory.GetDirectories(_folder["layout"]), d => Assert.Equal("actor_0.1_critic_0.01_run_1", Path.GetFileName(Assert.Single(Directory.GetDirectories(d)))));
    }

    [Fact]
    public void Cells_that_only_acted_are_told_of()
    {
        var outcome = ReferenceLayout.Write([new SampleRun().AddActing(1).Add(0.1, 0.1).Write(_folder["run"])], _folder["layout"]);
        Assert.Equal("base-s0 is not laid out: it only acted, and the research's files are of learning", Assert.Single(outcome.Notes));
    }

    [Fact]
    public void A_folder_that_is_not_empty_is_refused_and_left_as_it_is()
    {
        var run = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        Directory.CreateDirectory(_folder["layout"]);
        File.WriteAllText(_folder["layout/mine.txt"], "mine");
        Assert.Throws<OutputFolderException>(() => ReferenceLayout.Write([run], _folder["layout"]));
        Assert.Equal(["mine.txt"], Directory.GetFileSystemEntries(_folder["layout"]).Select(Path.GetFileName));
    }

    [Fact]
    public void Rates_are_printed_as_the_research_prints_them() =>
        Assert.Equal(["0.0001", "0.001", "0.01", "0.1", "1", "0.00005"], new[] { 1e-4, 1e-3, 1e-2, 0.1, 1, 5e-5 }.Select(ReferenceLayout.Rate));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static void Compare(JsonElement theirs, JsonElement ours, string path)
    {
        if (theirs.ValueKind == JsonValueKind.Object)
        {
            Assert.Equal(theirs.EnumerateObject().Select(p => p.Name), ours.EnumerateObject().Select(p => p.Name));
            foreach (var property in theirs.EnumerateObject())
            {
                Compare(property.Value, ours.GetProperty(property.Name), $"{path}/{property.Name}");
            }
        }
        else if (theirs.ValueKind == JsonValueKind.Array)
        {
            Assert.Equal(JsonValueKind.Array, ours.ValueKind);
            foreach (var element in ours.EnumerateArray())
            {
                Compare(theirs[0], element, $"{path}[]");
            }
        }
        else if (ours.ValueKind != JsonValueKind.Null || !path.EndsWith("per_actor_stopped[]", StringComparison.Ordinal))
        {
            // What Python reads as an int has neither point nor exponent. An agent that never stood still is null there, too.
            Assert.Equal(theirs.ValueKind, ours.ValueKind);
            Assert.True(IsFloat(theirs) == IsFloat(ours), $"{path}: {ours.GetRawText()} beside {theirs.GetRawText()}");
        }
    }

    private static bool IsFloat(JsonElement number) => number.GetRawText().AsSpan().IndexOfAny(".eE") >= 0;
}
