using Simulator.Agents;
using Simulator.Environment;

namespace Simulator.Lab.Tests.Scenarios;

public class SweepTests
{
    [Fact]
    public void A_map_stands_for_the_product_of_its_lists_and_its_last_key_varies_fastest()
    {
        var plan = Reading.Plan("""
            learning: {actor_rate: 1, gamma: 0.5}
            sweep:
              learning.actor_rate: [0.1, 0.00001]
              learning.critic_rate: [0.01, 0.001]
            """);

        Assert.Equal(
            [
                "actor_rate-0.1-critic_rate-0.01-s42",
                "actor_rate-0.1-critic_rate-0.001-s42",
                "actor_rate-1e-5-critic_rate-0.01-s42",
                "actor_rate-1e-5-critic_rate-0.001-s42",
            ],
            plan.Names());
        Assert.Equal([0, 1, 2, 3], plan.Cells.Select(cell => cell.Configuration));
        Assert.Equal([(0.1, 0.01), (0.1, 0.001), (0.00001, 0.01), (0.00001, 0.001)], plan.Cells.Select(cell => (cell.Options.Learning.ActorRate, cell.Options.Learning.CriticRate)));
        Assert.All(plan.Cells, cell => Assert.Equal((0.5, 1), (cell.Options.Learning.Gamma, cell.Run)));
        Assert.Equal([new("learning.actor_rate", "1.0e-5"), new("learning.critic_rate", "0.01")], plan.Cells[2].Changed);
        Assert.Equal(1, plan.Scenario.Learning.ActorRate);
    }

    [Fact]
    public void Configurations_of_a_list_of_maps_are_joined()
    {
        var plan = Reading.Plan("""
            sweep:
              - {}
              - policy.variant: [large, linear]
              - environment.power_dbm: [[1, 2], [-1.5, 2]]
                learning.max_grad_norm: [~, 0.5]
              - tracking.early_stop: [false]
                environment.server: [tobm]
            """);

        Assert.Equal(
            [
                "base-s42",
                "variant-large-s42",
                "variant-linear-s42",
                "power_dbm-1_2-max_grad_norm-null-s42",
                "power_dbm-1_2-max_grad_norm-0.5-s42",
                "power_dbm--1.5_2-max_grad_norm-null-s42",
                "power_dbm--1.5_2-max_grad_norm-0.5-s42",
                "early_stop-false-server-TOBM-s42",
            ],
            plan.Names());
        Assert.Equal([("environment.power_dbm", "[-1.5, 2]"), ("learning.max_grad_norm", "null")], plan.Cells[5].Changed.Select(pair => (pair.Key, pair.Value)));
    }

    [Fact]
    public void Each_configuration_has_copies_with_successive_seeds_numbered_from_one()
    {
        var plan = Reading.Plan("seed: 7\ncells: 3\nsweep: {clients: [1, 2]}");

        Assert.Equal(["clients-1-s7", "clients-1-s8", "clients-1-s9", "clients-2-s7", "clients-2-s8", "clients-2-s9"], plan.Names());
        Assert.Equal([(0, 1, 7ul), (0, 2, 8ul), (0, 3, 9ul), (1, 1, 7ul), (1, 2, 8ul), (1, 3, 9ul)], plan.Cells.Select(cell => (cell.Configuration, cell.Run, cell.Options.Seed)));
    }

    [Fact]
    public void A_swept_seed_makes_runs_of_a_configuration_not_configurations()
    {
        var plan = Reading.Plan("sweep: {seed: [5, 3], clients: [1, 2]}");

        Assert.Equal(["clients-1-s5", "clients-1-s3", "clients-2-s5", "clients-2-s3"], plan.Names());
        Assert.Equal([(0, 1), (0, 2), (1, 1), (1, 2)], plan.Cells.Select(cell => (cell.Configuration, cell.Run)));
        Assert.Equal(["base-s1", "base-s2"], Reading.Plan("sweep: {seed: [1, 2]}").Names());
    }

    [Fact]
    public void A_key_with_one_value_throughout_names_nothing()
    {
        var plan = Reading.Plan("sweep:\n  - {learning.batch: [32], clients: [1, 2]}\n  - {learning.batch: [32], clients: [3]}");

        Assert.Equal(["clients-1-s42", "clients-2-s42", "clients-3-s42"], plan.Names());
        Assert.All(plan.Cells, cell => Assert.Equal(32, cell.Options.Learning.Batch));
        Assert.All(plan.Cells, cell => Assert.Equal("clients", Assert.Single(cell.Changed).Key));
    }

    [Fact]
    public void Keys_that_share_their_last_part_are_told_apart_by_their_sections() =>
        Assert.Equal(
            ["episodes-1-evaluation.episodes-2-clients-3-s42", "episodes-1-evaluation.episodes-2-clients-4-s42"],
            Reading.Plan("sweep: {episodes: [1, 2], evaluation.episodes: [2, 3], clients: [3, 4]}").Names()[..2]);

    [Fact]
    public void Names_are_unique_and_safe_as_folders_even_where_they_would_be_too_long()
    {
        var keys = ScenarioSchema.Options
            .Where(option => option.CanBeSwept && option.Type is NumberType && !option.Path.StartsWith("exploration.", StringComparison.Ordinal))
            .Take(13)
            .Select(option => $"{option.Path}: [{(option.Path == "environment.storage_mb" ? "100, 200" : "0.25, 0.5")}]");
        var names = Reading.Plan($"sweep: {{{string.Join(", ", keys)}}}").Names();

        Assert.Equal(1 << 13, names.Length);
        Assert.Equal(names.Length, names.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.All(names, name => Assert.Matches(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,219}\z", name));
    }

    [Fact]
    public void An_override_of_the_sweep_replaces_it()
    {
        Assert.Equal(["clients-3-s42", "clients-4-s42"], Reading.Plan("sweep: {episodes: [1, 2]}", "sweep={clients: [3, 4]}", "episodes=5").Names());
        Assert.Equal(["base-s42"], Reading.Plan("sweep: {episodes: [1, 2]}", "sweep={}").Names());
        Assert.Equal(["base-s42"], Reading.Plan("sweep: {episodes: [1, 2]}", "sweep=").Names());
    }

    [Fact]
    public void Contradictions_are_sought_in_configurations_not_in_a_base_that_no_cell_runs() =>
        Assert.Equal(2, Reading.Plan("learning: {replay: 32}\nsweep: {learning.batch: [16, 32]}").Cells.Count);

    [Fact]
    public void The_largest_population_is_planned()
    {
        var plan = Reading.Plan("cells: 500000\nsweep: {clients: [1, 2]}");

        Assert.Equal(ScenarioPlan.LargestPopulation, plan.Cells.Count);
        Assert.Equal("clients-2-s500041", plan.Cells[^1].Name);
    }

    [Fact]
    public void A_hundred_thousand_configurations_are_planned()
    {
        var hundred = string.Join(", ", Enumerable.Range(1, 100));
        var plan = Reading.Plan($"sweep: {{environment.steps: [{hundred}], clients: [{hundred}], tracking.window: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}}");

        Assert.Equal(100_000, plan.Cells.Count);
        Assert.Equal("steps-100-clients-100-window-10-s42", plan.Cells[^1].Name);
    }

    [Fact]
    public void The_quickstart_compares_the_original_with_mitigations_on_the_same_luck()
    {
        var reading = ScenarioReader.Read(Repository.File("experiments", "quickstart.yaml"));

        Assert.Empty(reading.Faults);
        Assert.Equal("quickstart", reading.Plan!.Scenario.Name);
        Assert.Equal(["base-s42", "observations-scaled-rewards-scaled-output-inverting-s42"], reading.Plan.Names());
        Assert.All(reading.Plan.Cells, cell => Assert.Equal((42ul, 300, 50, 0.01, 0.001), (cell.Options.Seed, cell.Options.Episodes, cell.Options.Clients, cell.Options.Learning.ActorRate, cell.Options.Learning.CriticRate)));
        Assert.Equal([OutputFunction.Tanh, OutputFunction.Inverting], reading.Plan.Cells.Select(cell => cell.Options.Mitigation.Output));
    }

    [Fact]
    public void Every_scenario_in_experiments_is_without_faults() =>
        Assert.All(
            Directory.EnumerateFiles(Repository.File("experiments"), "*.yaml", SearchOption.AllDirectories),
            path => Assert.Empty(Reading.Lines(ScenarioReader.Read(path))));

    [Fact]
    public void Sweeps_are_equal_by_their_values()
    {
        static SweepOptions Sweep(double high) => new([new([new("environment.power_dbm", [new Interval(1, high)])])]);

        Assert.Equal(Sweep(2), Sweep(2));
        Assert.Equal(Sweep(2).GetHashCode(), Sweep(2).GetHashCode());
        Assert.NotEqual(Sweep(2), Sweep(3));
        Assert.NotEqual(Sweep(2), SweepOptions.None);
    }
}
