using System.Text.Json;
using Parquet;
using Simulator.Compute;

namespace Simulator.Lab.Tests;

public sealed class ResultFileTests : IDisposable
{
    private static readonly string[] Deterministic = ["results.json", "tracking_data.json", "episodes.parquet", "agents.parquet", "policies.safetensors", "critic.safetensors"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_runs_of_a_scenario_write_the_same_bytes()
    {
        var first = await _folder.RunAsync("first", TemporaryFolder.Plan());
        var second = await _folder.RunAsync("second", TemporaryFolder.Plan());
        foreach (var file in first.Histories.SelectMany(h => Deterministic.Select(f => Path.Combine("cells", h.Cell.Name, f))).Append("scenario.yaml").Append("population.csv"))
        {
            var (one, other) = (await Bytes(first, file), await Bytes(second, file));
            Assert.True(one.AsSpan().SequenceEqual(other), $"{file} differs between two runs of the same scenario and seed");
        }
    }

    [Fact]
    public async Task A_cell_writes_the_same_bytes_alone_and_in_a_sweep()
    {
        var sweep = await _folder.RunAsync("sweep", TemporaryFolder.Plan());
        var alone = await _folder.RunAsync("alone", ScenarioReader.Parse("small.yaml", await File.ReadAllTextAsync(_folder["sweep/scenario.yaml"], Token), ["sweep={ learning.actor_rate: [0.05, 0.05000001] }"]).Plan!);
        var name = sweep.Histories[0].Cell.Name;
        foreach (var file in Deterministic)
        {
            Assert.Equal(await Bytes(sweep, Path.Combine("cells", name, file)), await Bytes(alone, Path.Combine("cells", name, file)));
        }
    }

    [Theory]
    [InlineData("results.json", "sample-results.json")]
    [InlineData("tracking_data.json", "sample-tracking_data.json")]
    public async Task Json_files_have_every_key_of_the_researchs_files(string file, string sample)
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        using var ours = JsonDocument.Parse(await Bytes(run, Path.Combine("cells", run.Histories[0].Cell.Name, file)));
        using var theirs = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "samples", sample), Token));
        CheckKeys(theirs.RootElement, ours.RootElement, file);
    }

    [Fact]
    public async Task Results_say_what_the_cell_told()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        var history = run.Histories[0];
        using var json = JsonDocument.Parse(await Bytes(run, Path.Combine("cells", history.Cell.Name, "results.json")));
        var root = json.RootElement;
        Assert.Equal(0.05, root.GetProperty("actor_lr").GetDouble());
        Assert.Equal(24, root.GetProperty("total_episodes").GetInt32());
        Assert.Equal(history.Episodes.Select(e => e.Reward), root.GetProperty("all_rewards").EnumerateArray().Select(e => e.GetDouble()));
        Assert.Equal(history.Episodes[^1].Reward, root.GetProperty("final_reward").GetDouble());
        Assert.Equal(5, root.GetProperty("per_actor_stopped").GetArrayLength());
        Assert.Equal("completed", root.GetProperty("status").GetString());
        Assert.Equal([0, 10, 20, 24], root.GetProperty("evaluation").EnumerateArray().Select(e => e.GetProperty("episode").GetInt32()));
        Assert.Equal(history.Baselines[0].Reward, root.GetProperty("baselines").GetProperty(history.Baselines[0].Name).GetDouble());
        var evaluation = history.Evaluations[^1].Violations;
        Assert.Equal([evaluation.Server, evaluation.Deadline, evaluation.Energy], Violations(root.GetProperty("evaluation")[history.Evaluations.Count - 1], "_violation"));
        var baseline = history.Baselines[5].Violations;
        Assert.Equal([baseline.Server, baseline.Deadline, baseline.Energy], Violations(root.GetProperty("baseline_violations").GetProperty(history.Baselines[5].Name), string.Empty));
        Assert.True(baseline.Deadline > 0);
        using var tracking = JsonDocument.Parse(await Bytes(run, Path.Combine("cells", history.Cell.Name, "tracking_data.json")));
        Assert.Equal([10, 20], tracking.RootElement.GetProperty("gradient_history").EnumerateArray().Select(e => e.GetProperty("episode").GetInt32()));
    }

    [Fact]
    public async Task A_diverged_cell_says_so_without_numbers_that_json_does_not_know()
    {
        var plan = TemporaryFolder.Plan();
        var cells = plan.Cells.Select(c => c with { Options = c.Options with { Learning = c.Options.Learning with { CriticRate = 1e30 } } }).ToList();
        var run = await _folder.RunAsync("run", plan with { Cells = cells });
        foreach (var history in run.Histories)
        {
            using var json = JsonDocument.Parse(await Bytes(run, Path.Combine("cells", history.Cell.Name, "results.json")));
            Assert.Equal("diverged", json.RootElement.GetProperty("status").GetString());
            Assert.Equal(history.Episodes.Count, json.RootElement.GetProperty("diverged_episode").GetInt32());
            Assert.StartsWith($"Diverged at episode {history.Episodes.Count}: ", new CellOutcome(history).InWords(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Episodes_are_a_table_with_a_row_each()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        var history = run.Histories[1];
        using var stream = File.OpenRead(Path.Combine(run.Folder, "cells", history.Cell.Name, "episodes.parquet"));
        await using var reader = await ParquetReader.CreateAsync(stream, cancellationToken: Token);
        using var group = reader.OpenRowGroupReader(0);
        Assert.Equal(24, group.RowCount);
        var fields = reader.Schema.GetDataFields();
        var rewards = new double[24];
        await group.ReadAsync<double>(Array.Find(fields, f => f.Name == "reward")!, rewards.AsMemory(), cancellationToken: Token);
        Assert.Equal(history.Episodes.Select(e => e.Reward), rewards);
        var losses = new double?[24];
        await group.ReadAsync<double>(Array.Find(fields, f => f.Name == "critic_loss")!, losses.AsMemory(), cancellationToken: Token);
        Assert.Equal(history.Episodes.Select(e => e.Update?.Critic.Loss), losses);
        Assert.Null(losses[0]);
        var factors = new double?[24];
        await group.ReadAsync<double>(Array.Find(fields, f => f.Name == "actor_rate_factor")!, factors.AsMemory(), cancellationToken: Token);
        Assert.Equal([null, .. Enumerable.Repeat((double?)1, 23)], factors);
    }

    [Theory]
    [InlineData(1, 10, 20)]
    [InlineData(2, 10, 20)]
    [InlineData(3, 12, 21)]
    [InlineData(7, 14, 21)]
    [InlineData(11, 11, 22)]
    public async Task Where_actors_learn_after_every_dth_episode_tracking_has_a_row_at_their_first_update_from_each_tenth_episode_on(int delay, params int[] episodes)
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan($"mitigation: {{ actor_delay: {delay} }}"));
        var history = run.Histories[0];
        using var tracking = JsonDocument.Parse(await Bytes(run, Path.Combine("cells", history.Cell.Name, "tracking_data.json")));
        foreach (var rows in new[] { "gradient_history", "asymmetry_history", "activation_history" })
        {
            Assert.Equal(episodes, tracking.RootElement.GetProperty(rows).EnumerateArray().Select(e => e.GetProperty("episode").GetInt32()));
        }

        // The critic's gradient is that of the same update.
        Assert.Equal(
            episodes.Select(e => history.Episodes[e - 1].Update!.Critic.GradientNorm),
            tracking.RootElement.GetProperty("gradient_history").EnumerateArray().Select(e => e.GetProperty("critic_grad").GetDouble()));
    }

    [Fact]
    public async Task Agents_are_a_table_with_a_row_each_at_every_tenth_episode_and_the_last()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        var history = run.Histories[0];
        await using var reader = await ParquetReader.CreateAsync(File.OpenRead(Path.Combine(run.Folder, "cells", history.Cell.Name, "agents.parquet")), cancellationToken: Token);
        using var group = reader.OpenRowGroupReader(0);
        var fields = reader.Schema.GetDataFields();
        Assert.Equal(15, group.RowCount);
        Assert.Equal(Enumerable.Range(0, 15).Select(i => (i / 5) switch { 0 => 10, 1 => 20, _ => 24 }), await Column<int>("episode"));
        Assert.Equal(Enumerable.Range(0, 15).Select(i => i % 5), await Column<int>("agent"));
        var last = history.LastUpdate!.Agents;
        Assert.Equal(last.Select(a => a.GradientNorm), (await Column<float>("gradient"))[10..]);
        Assert.Equal(last.Select(a => a.SaturationRatio), (await Column<float>("saturation"))[10..]);
        var variance = new float?[15];
        await group.ReadAsync<float>(Array.Find(fields, f => f.Name == "power_variance")!, variance.AsMemory(), cancellationToken: Token);
        Assert.All(variance, v => Assert.InRange(v!.Value, 0, 1));
        var (norm, action, squash, body) = (await Column<float>("gradient"), await Column<float>("action_gradient"), await Column<float>("squash_factor"), await Column<float>("body_factor"));
        Assert.All(Enumerable.Range(0, 15), i => Assert.Equal(norm[i], action[i] * squash[i] * body[i], 1e-5f * norm[i]));
        Assert.Contains(fields, f => f.Name == "state");

        async Task<T[]> Column<T>(string name)
            where T : struct
        {
            var values = new T[15];
            await group.ReadAsync<T>(Array.Find(fields, f => f.Name == name)!, values.AsMemory(), cancellationToken: Token);
            return values;
        }
    }

    [Theory]
    [InlineData(1, 10, 20, 24)]
    [InlineData(2, 10, 20, 24)]
    [InlineData(3, 12, 21, 24)]
    [InlineData(5, 10, 20)]
    [InlineData(7, 14, 21)]
    [InlineData(11, 11, 22)]
    public async Task Where_actors_learn_after_every_dth_episode_each_agent_has_a_row_at_their_first_update_from_each_tenth_episode_on(int delay, params int[] episodes)
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan($"mitigation: {{ actor_delay: {delay} }}"));
        await using var reader = await ParquetReader.CreateAsync(File.OpenRead(Path.Combine(run.Folder, "cells", run.Histories[0].Cell.Name, "agents.parquet")), cancellationToken: Token);
        using var group = reader.OpenRowGroupReader(0);
        var column = new int[group.RowCount];
        await group.ReadAsync<int>(Array.Find(reader.Schema.GetDataFields(), f => f.Name == "episode")!, column.AsMemory(), cancellationToken: Token);
        Assert.Equal(episodes, column.Distinct());
        Assert.Equal(5 * episodes.Length, column.Length);
    }

    [Fact]
    public async Task An_episodes_row_factors_the_actors_gradient_and_has_no_diagnostics_without_an_update()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan());
        var history = run.Histories[0];
        await using var reader = await ParquetReader.CreateAsync(File.OpenRead(Path.Combine(run.Folder, "cells", history.Cell.Name, "episodes.parquet")), cancellationToken: Token);
        using var group = reader.OpenRowGroupReader(0);
        var (norm, action, squash, body) = (await Column("actor_gradient"), await Column("action_gradient"), await Column("squash_factor"), await Column("body_factor"));
        var slope = await Column("cpu_slope");
        Assert.Null(action[0]);
        Assert.Null(slope[0]);
        foreach (var row in Enumerable.Range(0, 24).Where(i => history.Episodes[i].Update is not null))
        {
            Assert.Equal(norm[row]!.Value, action[row]!.Value * squash[row]!.Value * body[row]!.Value, 1e-9 * norm[row]!.Value);
            Assert.InRange(slope[row]!.Value, 0, 1);
        }

        // Quantiles are in their order.
        Assert.All((await Column("offload_z_50")).Zip(await Column("offload_z_99")).Skip(12), q => Assert.True(q.First <= q.Second));

        async Task<double?[]> Column(string name)
        {
            var values = new double?[24];
            await group.ReadAsync<double>(Array.Find(reader.Schema.GetDataFields(), f => f.Name == name)!, values.AsMemory(), cancellationToken: Token);
            return values;
        }
    }

    [Fact]
    public async Task Networks_are_saved_under_pytorchs_names()
    {
        var run = await _folder.RunAsync("run", TemporaryFolder.Plan("policy: { variant: fullnorm }"));
        var history = run.Histories[0];
        var cell = Path.Combine(run.Folder, "cells", history.Cell.Name);
        var policies = SafetensorsFile.Read(Path.Combine(cell, "policies.safetensors"));
        var critic = SafetensorsFile.Read(Path.Combine(cell, "critic.safetensors"));
        Assert.Equal([5, 64, 7], policies.Shape("fc1.weight"));
        Assert.Equal([5, 3], policies.Shape("fc3.bias"));
        Assert.Equal([5, 7], policies.Shape("input_norm.running_var"));
        Assert.Equal([512, 60], critic.Shape("fc1.weight"));
        Assert.Equal([1, 128], critic.Shape("fc3.weight"));
        Assert.Equal("Fullnorm", policies.Metadata["variant"]);

        // The same cell as a plain loop ends with the same networks.
        using var loop = new Cells.BareCell(history.Cell.Options, ComputeDevice.Cpu);
        foreach (var _ in history.Episodes)
        {
            loop.RunEpisode();
        }

        var bias = Cells.CellMembers.PolicyOf(history.Cell.Options).Layout["fc2.bias"];
        Assert.Equal(loop.PolicyParameters(3).AsSpan(bias.Offset, bias.Length).ToArray(), policies.Floats("fc2.bias").AsSpan(3 * bias.Length, bias.Length).ToArray());
        Assert.Equal(loop.CriticParameters().AsSpan(0, 512 * 60).ToArray(), critic.Floats("fc1.weight"));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Task<byte[]> Bytes(PopulationRun run, string file) => File.ReadAllBytesAsync(Path.Combine(run.Folder, file), Token);

    private static void CheckKeys(JsonElement theirs, JsonElement ours, string path)
    {
        if (theirs.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in theirs.EnumerateObject())
            {
                Assert.True(ours.TryGetProperty(property.Name, out var own), $"{path} lacks {property.Name}");
                CheckKeys(property.Value, own, $"{path}/{property.Name}");
            }
        }
        else if (theirs.ValueKind == JsonValueKind.Array && theirs.GetArrayLength() > 0)
        {
            Assert.True(ours.GetArrayLength() > 0, $"{path} is empty");
            CheckKeys(theirs[0], ours[0], $"{path}[0]");
        }
        else
        {
            Assert.True(ours.ValueKind == theirs.ValueKind || ours.ValueKind == JsonValueKind.Null, $"{path} is a {ours.ValueKind}");
        }
    }

    private static double[] Violations(JsonElement row, string ending) =>
        [.. new[] { "server", "deadline", "energy" }.Select(name => row.GetProperty(name + ending).GetDouble())];
}
