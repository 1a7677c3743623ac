using System.Text.Json;
using Simulator.Cells;
using Simulator.Compute;

namespace Simulator.Lab.Tests;

/// <summary>Runs that act, with drawn networks or with those of a finished run.</summary>
public sealed class ActingRunTests : IDisposable
{
    private const string Small = "name: small\nclients: 5\nepisodes: 6\nenvironment: { steps: 3, channels: 2 }\nlearning: { batch: 12, replay: 40, actor_rate: 0.05 }\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_that_acts_has_results_and_no_networks()
    {
        var run = await _folder.RunAsync("acted", Plan("mode: act\ncells: 3"));
        foreach (var history in run.Histories)
        {
            var cell = Path.Combine(run.Folder, "cells", history.Cell.Name);
            Assert.Equal(["results.json"], Directory.GetFiles(cell).Select(Path.GetFileName));
            using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(cell, "results.json"), Token));
            var root = json.RootElement;
            Assert.Equal(("act", "completed"), (root.GetProperty("mode").GetString(), root.GetProperty("status").GetString()));
            Assert.Equal(6, root.GetProperty("all_rewards").GetArrayLength());
            Assert.Equal(JsonValueKind.Null, root.GetProperty("stopping_episode").ValueKind);
            Assert.Empty(root.GetProperty("evaluation").EnumerateArray());
            Assert.StartsWith("All 6 episodes are done. Acting without exploration, an episode earned -", new CellOutcome(history).InWords(), StringComparison.Ordinal);
        }

        using var population = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(run.Folder, "population.json"), Token));
        var rows = population.RootElement.EnumerateArray().ToList();
        Assert.Equal(run.Histories.Select(h => h.Episodes.Average(e => e.Reward)), rows.Select(r => r.GetProperty("mean_reward").GetDouble()), (a, b) => Math.Abs(a - b) < 1e-6 * Math.Abs(a));
        Assert.All(rows, r => Assert.Equal("act", r.GetProperty("mode").GetString()));
    }

    [Fact]
    public async Task A_cell_that_acts_writes_the_same_bytes_on_any_number_of_threads()
    {
        var one = await _folder.RunAsync("one", Plan("mode: act\ncells: 5", "compute.threads=1"));
        var three = await _folder.RunAsync("three", Plan("mode: act\ncells: 5", "compute.threads=3"));
        foreach (var history in one.Histories)
        {
            var file = Path.Combine("cells", history.Cell.Name, "results.json");
            Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(one.Folder, file), Token), await File.ReadAllBytesAsync(Path.Combine(three.Folder, file), Token));
        }
    }

    [Fact]
    public async Task A_large_population_that_acts_has_a_row_for_each_cell_and_no_folders()
    {
        var run = await _folder.RunAsync("many", Plan($"mode: act\ncells: {PopulationRecorder.MostActingCellsWithFiles + 1}", "clients=1", "episodes=12"));
        Assert.False(Directory.Exists(Path.Combine(run.Folder, "cells")));
        Assert.False(File.Exists(Path.Combine(run.Folder, RunIdentity.FileName)));
        using var population = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(run.Folder, "population.json"), Token));
        Assert.Equal(PopulationRecorder.MostActingCellsWithFiles + 1, population.RootElement.GetArrayLength());
        var row = population.RootElement[7];
        Assert.Equal(("completed", 12), (row.GetProperty("status").GetString(), row.GetProperty("episodes").GetInt32()));
        Assert.Equal(JsonValueKind.Null, row.GetProperty("folder").ValueKind);
        using var loop = new BareCell(run.Histories[7].Cell.Options, ComputeDevice.Cpu);
        var rewards = Enumerable.Range(0, 12).Select(_ => loop.RunEpisode().Totals.Reward).ToList();
        Assert.Equal(rewards[^1], row.GetProperty("final_reward").GetDouble());
        Assert.Equal(rewards.Average(), row.GetProperty("mean_reward").GetDouble(), 1e-6 * Math.Abs(rewards[0]));
        Assert.Equal(rewards.TakeLast(10).Average(), run.Histories[7].RecentReward!.Value, 1e-6 * Math.Abs(rewards[0]));
    }

    [Theory]
    [InlineData("", "learned")]
    [InlineData("", "learned/cells/base-s42")]
    [InlineData("policy: { sharing: shared }", "learned")]
    [InlineData("policy: { variant: layernorm, last_layer: small }", "learned")]
    [InlineData("policy: { variant: fullnorm }", "learned")]
    [InlineData("mitigation: { observations: running }", "learned")]
    public async Task Acting_with_the_networks_of_a_finished_run_earns_what_that_earned(string more, string from)
    {
        var learned = await _folder.RunAsync("learned", Plan(more + "\nevaluation: { episodes: 2 }"));
        var plan = Plan(more + "\nevaluation: { episodes: 2 }", "mode=act", "cells=3", $"policy.from={_folder[from]}");
        Assert.Same(plan.Cells[0].Options.Networks, plan.Cells[2].Options.Networks);
        var acted = await _folder.RunAsync("acted", plan);
        Assert.Equal(learned.Histories[0].Evaluations[^1].Reward, acted.Histories[0].Evaluations[0].Reward);
        Assert.Equal("base-s42", acted.Histories[0].Cell.Name);

        // The scenario that the run wrote can be run again.
        Assert.Empty(ScenarioReader.Read(Path.Combine(acted.Folder, "scenario.yaml")).Faults);
    }

    [Theory]
    [InlineData("mitigation: { rewards: scaled }", "mitigation: { rewards: raw }", "was trained with mitigation.rewards: scaled, and here that is raw")]
    [InlineData("mitigation: { popart: true }", "mitigation: { popart: true }", "such networks can act (mode: act), and not go on learning")]
    public async Task A_critic_in_other_units_can_act_but_not_go_on_learning(string trained, string here, string expected)
    {
        await _folder.RunAsync("learned", Plan($"episodes: 2\nevaluation: {{ episodes: 0 }}\n{trained}"));
        ScenarioReading Read(string mode) => ScenarioReader.Parse("s.yaml", $"mode: {mode}\n{Small}{here}\n", [$"policy.from={_folder["learned/cells/base-s42"]}"]);

        Assert.Contains(expected, Assert.Single(Read("learn").Faults).ToString(), StringComparison.Ordinal);
        Assert.True(Read("act").Succeeded);
    }

    [Fact]
    public async Task Running_statistics_are_saved_beside_the_policies_that_saw_by_them_and_by_no_others()
    {
        const string Running = "mitigation: { observations: running }";
        var raw = await _folder.RunAsync("raw", Plan("episodes: 2\nevaluation: { episodes: 0 }"));
        var run = await _folder.RunAsync("run", Plan($"episodes: 2\nevaluation: {{ episodes: 0 }}\n{Running}"));
        Assert.DoesNotContain("observation_statistics", SafetensorsFile.Read(Path.Combine(raw.Folder, "cells/base-s42/policies.safetensors")).Names);
        Assert.DoesNotContain("observation_statistics", SafetensorsFile.Read(Path.Combine(run.Folder, "cells/base-s42/critic.safetensors")).Names);
        var path = Path.Combine(run.Folder, "cells/base-s42/policies.safetensors");
        var file = SafetensorsFile.Read(path);
        Assert.Equal([2, 7], file.Shape("observation_statistics"));

        // They are those of all that the clients saw in training.
        using (var loop = new BareCell(run.Histories[0].Cell.Options, ComputeDevice.Cpu))
        {
            loop.RunEpisode();
            loop.RunEpisode();
            Assert.Equal(loop.ObservationStatistics, file.Floats("observation_statistics"));
        }

        Assert.Contains("such networks can act (mode: act), and not go on learning", FaultOf("run", Running, "learn"), StringComparison.Ordinal);
        Rewrite([.. file.Names.Where(n => n != "observation_statistics").Select(n => (n, file.Shape(n), file.Floats(n)))]);
        Assert.Contains("it has no tensor observation_statistics", FaultOf("run", Running), StringComparison.Ordinal);
        Rewrite([.. file.Names.Select(n => (n, n == "observation_statistics" ? [7, 2] : file.Shape(n), file.Floats(n)))]);
        Assert.Contains("observation_statistics has the shape [7, 2], and [2, 7] is needed", FaultOf("run", Running), StringComparison.Ordinal);
        Rewrite([.. file.Names.Select(n => (n, file.Shape(n), n == "observation_statistics" ? Enumerable.Repeat(-1f, 14).ToArray() : file.Floats(n)))]);
        Assert.Contains("holds what are no means and deviations", FaultOf("run", Running), StringComparison.Ordinal);

        void Rewrite((string Name, IReadOnlyList<int> Shape, float[] Values)[] tensors)
        {
            using var stream = File.Create(path);
            var writer = new SafetensorsWriter(stream, file.Metadata, [.. tensors.Select(t => (t.Name, t.Shape))]);
            Array.ForEach(tensors, t => writer.Write(t.Values));
            writer.Complete();
        }
    }

    [Fact]
    public async Task A_shared_policy_is_saved_once_and_said_to_be_shared()
    {
        var run = await _folder.RunAsync("run", Plan("policy: { sharing: shared }"));
        var file = SafetensorsFile.Read(Path.Combine(run.Folder, "cells", "base-s42", "policies.safetensors"));
        Assert.Equal([1, 64, 7], file.Shape("fc1.weight"));
        Assert.Equal(("Shared", "5"), (file.Metadata["sharing"], file.Metadata["clients"]));
    }

    [Theory]
    [InlineData("learned", "clients: 4", "holds 5 policies, and 4 are needed")]
    [InlineData("learned", "policy: { variant: large }", "was trained with policy.variant: baseline, and here that is large")]
    [InlineData("learned", "policy: { variant: fullnorm }", "was trained with policy.variant: baseline, and here that is fullnorm")]
    [InlineData("learned", "policy: { sharing: shared }", "was trained with policy.sharing: independent, and here that is shared")]
    [InlineData("learned", "mitigation: { output: inverting }", "was trained with mitigation.output: tanh, and here that is inverting")]
    [InlineData("learned", "mitigation: { actor_activation: tanh }", "was trained with mitigation.actor_activation: relu, and here that is tanh")]
    [InlineData("learned", "mitigation: { actor_layer_norm: affine }", "was trained with mitigation.actor_layer_norm: none, and here that is affine")]
    [InlineData("learned", "mitigation: { observations: scaled }", "was trained with mitigation.observations: raw, and here that is scaled")]
    [InlineData("two", "", "has 2 cells; name one of them, such as ")]
    [InlineData("acted", "", "holds no policies.safetensors")]
    [InlineData("damaged", "", "is not a well-formed safetensors file")]
    [InlineData("diverged", "", "has numbers that are not finite")]
    [InlineData("lacking", "", "holds no critic.safetensors")]
    [InlineData("linked", "", "is a link")]
    [InlineData("linked/cells/base-s42", "", "is a link")]
    [InlineData("nowhere", "", "there is no folder")]
    public async Task Networks_that_do_not_fit_are_one_fault_at_the_place_that_names_them(string from, string more, string expected)
    {
        await _folder.RunAsync("learned", Plan("episodes: 2\nevaluation: { episodes: 0 }"));
        var cell = _folder["learned/cells/base-s42"];
        switch (from)
        {
            case "two":
                Directory.CreateDirectory(_folder["two/cells/a"]);
                Directory.CreateDirectory(_folder["two/cells/b"]);
                break;
            case "acted":
                await _folder.RunAsync("acted", Plan("mode: act"));
                break;
            case "damaged":
                Copy("damaged");
                await File.WriteAllTextAsync(_folder["damaged/policies.safetensors"], "no network", Token);
                break;
            case "diverged":
                Copy("diverged");
                var bytes = await File.ReadAllBytesAsync(_folder["diverged/policies.safetensors"], Token);
                BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 4), float.NaN);
                await File.WriteAllBytesAsync(_folder["diverged/policies.safetensors"], bytes, Token);
                break;
            case "lacking":
                Copy("lacking");
                File.Delete(_folder["lacking/critic.safetensors"]);
                break;
            case "linked":
                Directory.CreateDirectory(_folder["linked/cells"]);
                Directory.CreateSymbolicLink(_folder["linked/cells/base-s42"], cell);
                break;
            case "linked/cells/base-s42":
                Directory.CreateDirectory(_folder[from]);
                File.CreateSymbolicLink(_folder[from + "/policies.safetensors"], Path.Combine(cell, "policies.safetensors"));
                break;
        }

        var text = $"mode: act\n{Small}{more}\n";
        var reading = ScenarioReader.Parse("s.yaml", text.Replace("clients: 5\n", more.StartsWith("clients", StringComparison.Ordinal) ? "" : "clients: 5\n", StringComparison.Ordinal), [$"policy.from={_folder[from]}"]);
        var fault = Assert.Single(reading.Faults).ToString();
        Assert.StartsWith("--set policy.from=", fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);

        void Copy(string name)
        {
            Directory.CreateDirectory(_folder[name]);
            foreach (var file in Directory.GetFiles(cell))
                File.Copy(file, Path.Combine(_folder[name], Path.GetFileName(file)));
        }
    }

    [Fact]
    public async Task A_critic_of_another_kind_is_a_fault_even_where_the_policies_fit()
    {
        var raw = await _folder.RunAsync("raw", Plan("episodes: 2\n"));
        var scaled = await _folder.RunAsync("scaled", Plan("episodes: 2\nmitigation: { observations: scaled }"));
        File.Copy(Path.Combine(raw.Folder, "cells/base-s42/critic.safetensors"), Path.Combine(scaled.Folder, "cells/base-s42/critic.safetensors"), overwrite: true);
        var fault = FaultOf("scaled", "mitigation: { observations: scaled }");
        Assert.Contains("critic.safetensors is of another kind: it was trained with mitigation.observations: raw, and here that is scaled", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("policies.safetensors")]
    [InlineData("critic.safetensors")]
    public async Task A_tensor_that_the_network_does_not_know_is_a_fault(string name)
    {
        var run = await _folder.RunAsync("run", Plan("episodes: 2\n"));
        var path = Path.Combine(run.Folder, "cells/base-s42", name);
        var file = SafetensorsFile.Read(path);
        var tensors = file.Names.Select(n => (Name: n, Shape: file.Shape(n), Values: file.Floats(n))).ToList();
        tensors.Add(("fc9.bias", [2], new float[2]));
        await using (var stream = File.Create(path))
        {
            var writer = new SafetensorsWriter(stream, new Dictionary<string, string>(), [.. tensors.Select(t => (t.Name, t.Shape))]);
            tensors.ForEach(t => writer.Write(t.Values));
            writer.Complete();
        }

        Assert.Contains($"{name} does not fit: this network has no tensor fc9.bias", FaultOf("run", ""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_cell_earned_on_its_evaluation_episodes_is_no_second_word_on_what_it_earned_on_average()
    {
        var run = await _folder.RunAsync("acted", Plan("mode: act\nevaluation: { episodes: 2 }"));
        var words = new CellOutcome(run.Histories[0]).InWords();
        Assert.Matches("Acting without exploration, an episode earned .* on average. On the evaluation episodes it earns ", words);
        Assert.DoesNotContain("Without exploration an episode earns", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cell_without_a_finite_reward_diverged_and_its_means_are_left_out()
    {
        var plan = Plan("mode: act");
        var cell = plan.Cells[0];
        var endless = cell with { Options = cell.Options with { Environment = cell.Options.Environment with { TimeWeight = double.PositiveInfinity } } };
        var run = await _folder.RunAsync("acted", plan with { Cells = [endless] });
        Assert.Equal("Diverged at episode 1: the reward became non-finite.", new CellOutcome(run.Histories[0]).InWords());
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(run.Folder, "population.json"), Token));
        Assert.Equal("diverged", json.RootElement[0].GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement[0].GetProperty("mean_reward").ValueKind);
    }

    private string FaultOf(string from, string more, string mode = "act") =>
        Assert.Single(ScenarioReader.Parse("s.yaml", $"mode: {mode}\n{Small}{more}\n", [$"policy.from={_folder[from]}"]).Faults).ToString();

    [Theory]
    [InlineData("cells: 20000\nclients: 50\nmode: act")]
    [InlineData("clients: 5000")]
    [InlineData("clients: 5000\npolicy: { sharing: shared }")]
    public void Large_populations_and_large_cells_are_allowed(string yaml) => Assert.Empty(ScenarioReader.Parse("s.yaml", yaml).Faults);

    [Fact]
    public void Cells_that_act_share_the_critic_of_the_scenarios_seed_whatever_their_own()
    {
        var swept = ScenarioReader.Parse("s.yaml", "mode: act\nsweep: { seed: [3, 4] }").Plan!.Cells;
        Assert.Equal([(3ul, 42ul, 0), (4ul, 42ul, 0)], swept.Select(c => (c.Options.Seed, c.Options.CriticSeed, c.Configuration)));
        var copies = ScenarioReader.Parse("s.yaml", "mode: act\nseed: 7\ncells: 2").Plan!.Cells;
        Assert.Equal([(7ul, 7ul), (8ul, 7ul)], copies.Select(c => (c.Options.Seed, c.Options.CriticSeed)));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ScenarioPlan Plan(string more, params string[] sets)
    {
        var small = more.Contains("episodes: 2\n", StringComparison.Ordinal) ? Small.Replace("episodes: 6\n", "", StringComparison.Ordinal) : Small;
        var reading = ScenarioReader.Parse("small.yaml", small + more, sets);
        Assert.Empty(reading.Faults);
        return reading.Plan!;
    }
}
