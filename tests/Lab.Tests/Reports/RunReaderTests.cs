using Simulator.Lab.Reports;

namespace Simulator.Lab.Tests.Reports;

public sealed class RunReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_a_run_writes_is_read_back()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        var read = Assert.Single(RunReader.Read([run.Folder]));
        Assert.Equal("small", read.Name);
        Assert.Equal("done", read.Status);
        Assert.Empty(read.Missing);
        Assert.Equal("5", read.Settings["clients"]);
        Assert.Equal("12", read.Settings["learning.batch"]);
        Assert.Equal(run.Histories.Select(h => h.Cell.Name), read.Cells.Select(c => c.Name));
        foreach (var (history, cell) in run.Histories.Zip(read.Cells))
        {
            Assert.Equal(history.Cell.Changed, cell.Parameters);
            Assert.Equal(history.Cell.Options.Learning.ActorRate, cell.ActorRate);
            Assert.Equal("completed", cell.Status);
            Assert.Equal(history.Episodes.Select(e => (double?)e.Reward), cell.Results!.Rewards);
            Assert.Equal(history.Evaluations.Select(e => (double?)e.Reward), cell.Results.Evaluations.Select(e => e.Reward));
            Assert.Equal(history.BestConstant!.Reward, cell.BestConstant);
            Assert.Equal(history.Episodes.Select(e => (float)e.Reward), cell.EpisodeTable!["reward"]!);
            Assert.Equal(history.Episodes.Select(e => (float)(e.Update?.Actors?.GradientNorm ?? double.NaN)), cell.EpisodeTable["actor_gradient"]!);
            Assert.Equal([10, 20], cell.Layers.Select(l => l.Episode));
            Assert.Equal(history.Episodes[9].Update!.Actors!.LayerNorms, cell.Layers[0].Actor.Values);
        }
    }

    [Fact]
    public void A_run_that_was_killed_is_read_from_its_cells()
    {
        var folder = new SampleRun().Add(0.1, 0.01).Add(0.001, 0.01).Write(_folder["run"]);
        File.Delete(Path.Combine(folder, "population.json"));
        File.Delete(Path.Combine(folder, "cells", "0.001-0.01-s42", "results.json"));
        var run = Assert.Single(RunReader.Read([folder]));
        Assert.Equal(2, run.Planned);
        var cell = Assert.Single(run.Cells);
        Assert.Equal(0.1, cell.ActorRate);
        Assert.Equal(60, cell.Episodes);
        Assert.Equal(-389, cell.BestConstant);
        Assert.Equal(["population.json"], run.Missing);
        Assert.Equal("Partial: 1 of 2 cells came to their end, 1 never began. Missing: population.json.", Answer.Partial([run]));
    }

    [Theory]
    [InlineData("completed", 59, false)]
    [InlineData("diverged", 0, false)]
    [InlineData("completed", 60, true)]
    public void An_evaluation_that_was_made_before_the_last_episode_does_not_count(string status, int episode, bool expected)
    {
        var folder = new SampleRun().Add(0.1, 0.01, status: status).Write(_folder["run"]);
        var path = Path.Combine(folder, "cells", "0.1-0.01-s42", "results.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("{\"episode\":60,", $"{{\"episode\":{episode},", StringComparison.Ordinal));
        var cell = Assert.Single(Assert.Single(RunReader.Read([folder])).Cells);
        Assert.Equal(expected, cell.Evaluation is not null);
        Assert.Equal((10, 9), (cell.Window, cell.Unseen));
    }

    [Fact]
    public void A_partial_sweep_says_how_much_of_it_is_there()
    {
        var folder = new SampleRun().Add(0.1, 0.01).Add(0.01, 0.01, status: "diverged").Add(0.001, 0.01, status: "interrupted").Add(0.0001, 0.01, status: "failed")
            .Add(0.1, 0.1, status: "interrupted", begun: false).Write(_folder["run"]);
        File.Delete(Path.Combine(folder, "cells", "0.001-0.01-s42", "episodes.parquet"));
        Assert.Equal(
            "Partial: 2 of 5 cells came to their end, 1 began and did not, 1 failed, 1 never began. Missing: cells/0.001-0.01-s42/episodes.parquet.",
            Answer.Partial(RunReader.Read([folder])));
        Assert.Null(Answer.Partial(RunReader.Read([new SampleRun().Add(0.1, 0.01).Write(_folder["whole"])])));
    }

    [Fact]
    public void A_run_that_somebody_intervened_in_says_so_and_pauses_do_not_count()
    {
        var folder = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        Assert.Null(Answer.Intervened(RunReader.Read([folder])));
        File.WriteAllLines(Path.Combine(folder, "events.jsonl"),
        [
            """{"time":"2026-01-01T00:00:00Z","event":"intervention_requested","number":1,"cell":"a","kind":"stop","before_episode":3}""",
            """{"time":"2026-01-01T00:00:00Z","event":"intervention","number":1,"cell":"a","kind":"stop","episode":3}""",
            """{"time":"2026-01-01T00:00:00Z","event":"intervention","number":2,"cell":"b","kind":"pause","episode":3}""",
            """{"time":"2026-01-01T00:00:00Z","event":"intervention_repeated","number":1,"cell":"a","kind":"stop","episode":3}""",
            """{"time":"2026""",
        ]);
        Assert.StartsWith("While it ran, somebody intervened (1 time): these results are not those of the scenario alone.", Answer.Intervened(RunReader.Read([folder])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("population.json", "[{\"name\": \"a\"", "*population.json: this is the file of something else, or it is damaged: *")]
    [InlineData("population.json", "{\"rows\": 3}", "*population.json: this is the file of something else, or it is damaged: *")]
    [InlineData("population.json", "[{\"name\": 3}]", "*population.json: name should be a text; the file is damaged or of something else")]
    [InlineData("population.json", "[{\"name\": \"a\", \"status\": \"completed\", \"seed\": 1, \"folder\": \"../../elsewhere\"}]", "*population.json: the folder '../../elsewhere' of cell a lies outside cells/")]
    [InlineData("manifest.json", "[]", "*manifest.json: this is the file of something else, or it is damaged: it should hold an object")]
    [InlineData("manifest.json", "{\"name\": \"a\", \"status\": \"done\", \"cells\": 1.5}", "*manifest.json: cells should be a whole number; the file is damaged or of something else")]
    [InlineData("scenario.yaml", "name: [1", "*scenario.yaml:2: the YAML cannot be read: *")]
    [InlineData("scenario.yaml", "- 1", "*scenario.yaml: this is no scenario")]
    [InlineData("cells/0.1-0.01-s42/results.json", "", "*results.json: this is the file of something else, or it is damaged: *")]
    [InlineData("manifest.json", "{}", "*manifest.json: there is no key name; the file is damaged or of something else")]
    [InlineData("population.json", "[]", "*population.json: it tells of 0 cells, and manifest.json of 1; one of them is damaged or of another run")]
    [InlineData("population.json", "[{\"name\": \"a\", \"status\": \"completed\", \"seed\": 1}]", "*population.json: it does not tell of the cell in cells/0.1-0.01-s42; it is damaged or of another run")]
    [InlineData("cells/0.1-0.01-s42/results.json", "{}", "*results.json: there is no key name; the file is damaged or of something else")]
    [InlineData("cells/0.1-0.01-s42/results.json", "{\"name\": \"b\", \"all_rewards\": [], \"per_actor_stopped\": [], \"onset_episode\": [], \"gradient_death_episode\": [], \"freeze_episode\": [], \"evaluation\": [], \"baselines\": {}}", "*results.json: these are the results of b, not of 0.1-0.01-s42")]
    [InlineData("cells/0.1-0.01-s42/results.json", "{\"name\": \"0.1-0.01-s42\", \"all_rewards\": [1], \"per_actor_stopped\": [], \"onset_episode\": [3], \"gradient_death_episode\": [], \"freeze_episode\": [], \"evaluation\": [], \"baselines\": {}}", "*results.json: onset_episode should be as long as per_actor_stopped; the file is damaged or of something else")]
    [InlineData("cells/0.1-0.01-s42/tracking_data.json", "{}", "*tracking_data.json: there is no key gradient_history; the file is damaged or of something else")]
    [InlineData("cells/0.1-0.01-s42/results.json", "{\"name\": \"0.1-0.01-s42\", \"all_rewards\": [1, \"two\"], \"per_actor_stopped\": [], \"onset_episode\": [], \"gradient_death_episode\": [], \"freeze_episode\": [], \"evaluation\": [], \"baselines\": {}}", "*results.json: all_rewards should be a number; the file is damaged or of something else")]
    [InlineData("cells/0.1-0.01-s42/results.json", "{\"name\": \"0.1-0.01-s42\", \"all_rewards\": [1], \"per_actor_stopped\": [], \"onset_episode\": [], \"gradient_death_episode\": [], \"freeze_episode\": [], \"evaluation\": [3], \"baselines\": {}}", "*results.json: episode should be within an object; the file is damaged or of something else")]
    [InlineData("cells/0.1-0.01-s42/tracking_data.json", "{\"gradient_history\": {}}", "*tracking_data.json: gradient_history should be a list; the file is damaged or of something else")]
    [InlineData("cells/0.1-0.01-s42/episodes.parquet", "PAR1", "*episodes.parquet: this is no table in the Parquet format, or it is damaged: *")]
    [InlineData("cells/0.1-0.01-s42/agents.parquet", "no table at all, but long enough to be taken for one", "*agents.parquet: this is no table in the Parquet format, or it is damaged: *")]
    public void A_damaged_or_foreign_file_is_named(string file, string content, string expected)
    {
        var folder = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        File.WriteAllText(Path.Combine(folder, file), content);
        var fault = Assert.Throws<UnreadableRunException>(() => RunReader.Read([folder]));
        Assert.Matches("^" + System.Text.RegularExpressions.Regex.Escape(expected).Replace("\\*", ".*", StringComparison.Ordinal) + "$", fault.Message);
    }

    [Fact]
    public void A_table_cut_at_any_place_is_named()
    {
        var folder = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        var path = Path.Combine(folder, "cells", "0.1-0.01-s42", "episodes.parquet");
        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length += whole.Length / 20)
        {
            File.WriteAllBytes(path, whole[..length]);
            Assert.Contains("episodes.parquet", Assert.Throws<UnreadableRunException>(() => RunReader.Read([folder])).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_table_of_something_else_is_named()
    {
        var folder = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        var cell = Path.Combine(folder, "cells", "0.1-0.01-s42");
        File.Copy(Path.Combine(cell, "agents.parquet"), Path.Combine(cell, "episodes.parquet"), overwrite: true);
        var fault = Assert.Throws<UnreadableRunException>(() => RunReader.Read([folder]));
        Assert.EndsWith("episodes.parquet: there is no column reward, so this is the table of something else", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_run_is_refused()
    {
        Assert.Contains("there is no folder", Assert.Throws<UnreadableRunException>(() => RunReader.Read([_folder["none"]])).Message, StringComparison.Ordinal);
        Assert.Contains("is no folder of a run", Assert.Throws<UnreadableRunException>(() => RunReader.Read([_folder.Path])).Message, StringComparison.Ordinal);
        var folder = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        Assert.Contains("given twice", Assert.Throws<UnreadableRunException>(() => RunReader.Read([folder, folder + "/../run"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_that_differ_in_their_seed_alone_are_seeds_of_one_configuration()
    {
        string Run(string name, ulong seed, string scenario = "sample") => new SampleRun { Name = scenario }.Add(0.1, 0.01, seed).Add(0.001, 0.01, seed).Write(_folder[name]);
        var (one, two, twin, other) = (Run("one", 42), Run("two", 43), Run("twin", 42), Run("other", 43, "another"));
        Assert.All(RunReader.Read([one, two]).SelectMany(r => r.Cells), c => Assert.Null(c.Group));
        var data = new ReportData(RunReader.Read([one, two]));
        Assert.Equal(["base"], data.TreatmentNames);
        Assert.All(data.Configurations, c => Assert.Equal([42UL, 43UL], c.Cells.Select(cell => cell.Seed)));

        // Twins have equal seeds, another scenario is another treatment.
        Assert.Equal(["one", "twin"], new ReportData(RunReader.Read([one, twin])).TreatmentNames);
        Assert.Equal(["one + two", "other"], new ReportData(RunReader.Read([one, two, other])).TreatmentNames);
    }

    [Fact]
    public void Settings_that_are_lists_are_read_as_well() => Assert.Equal("[1, 24]", SettingsReader.Defaults["environment.power_dbm"]);

    [Fact]
    public void Folders_of_one_name_are_told_apart_by_those_above()
    {
        Assert.Equal(["a", "b"], RunLabels.Of(["/x/a", "/x/b/"]));
        Assert.Equal(["one/run", "two/run"], RunLabels.Of(["/x/one/run", "/x/two/run"]));
    }
}
