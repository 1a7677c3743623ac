using System.Reflection;
using System.Text;
using Simulator.Agents;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;

namespace Simulator.Lab.Tests.Scenarios;

public class ScenarioReaderTests
{
    [Theory]
    [InlineData("")]
    [InlineData("# nothing but a comment\n")]
    [InlineData("---\n...\n")]
    [InlineData("learning:\n# all commented out\nsweep:\n")]
    public void An_empty_scenario_is_all_defaults(string text)
    {
        var plan = Reading.Plan(text);

        Assert.Equal(new ScenarioOptions { Name = "s" }, plan.Scenario);
        var cell = Assert.Single(plan.Cells);
        Assert.Equal(("base-s42", 0, 1), (cell.Name, cell.Configuration, cell.Run));
        Assert.Equal(new CellOptions(), cell.Options);
        Assert.Empty(cell.Changed);
    }

    [Fact]
    public void Values_of_every_type_are_read()
    {
        var scenario = Reading.Plan("""
            name: my-scenario_1.0
            seed: 18446744073709551615
            clients: 7
            environment:
              server: tobm
              queue: fifo
              capacitance: 5e-28
              power_dbm: [-3, 2.5]
            learning: {update: "sequential", max_grad_norm: ~}
            tracking: {early_stop: false}
            policy:
              variant: Layernorm
            """).Scenario;

        Assert.Equal("my-scenario_1.0", scenario.Name);
        Assert.Equal(ulong.MaxValue, scenario.Seed);
        Assert.Equal(7, scenario.Clients);
        Assert.Equal(ServerMode.TOBM, scenario.Environment.Server);
        Assert.Equal(QueueDiscipline.Fifo, scenario.Environment.Queue);
        Assert.Equal(5e-28, scenario.Environment.Capacitance);
        Assert.Equal(new Interval(-3, 2.5), scenario.Environment.PowerDbm);
        Assert.Equal(UpdateMode.Sequential, scenario.Learning.Update);
        Assert.Null(scenario.Learning.MaxGradNorm);
        Assert.False(scenario.Tracking.EarlyStop);
        Assert.Equal(PolicyVariant.Layernorm, scenario.Policy.Variant);
    }

    [Fact]
    public void A_cell_carries_every_option_of_the_scenario_that_it_has()
    {
        // Networks are read from the folder that the scenario names, and the critic's seed is the scenario's own.
        static bool IsOwn(PropertyInfo property) => property.CanWrite && property.Name is not (nameof(CellOptions.Networks) or nameof(CellOptions.CriticSeed));
        foreach (var property in typeof(CellOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(IsOwn))
        {
            var twin = typeof(ScenarioOptions).GetProperty(property.Name);
            Assert.Equal(property.PropertyType, twin?.PropertyType);
            Assert.Equal(property.GetValue(new CellOptions()), twin!.GetValue(new ScenarioOptions()));
        }

        var swept = ScenarioSchema.Options.Where(option => option.CanBeSwept).ToArray();
        Assert.DoesNotContain(swept, option => option.Path is "name" or "cells" or "policy.from" || option.Path.StartsWith("compute.", StringComparison.Ordinal));
        var scenario = new ScenarioOptions
        {
            Episodes = 1,
            Clients = 2,
            Mode = CellMode.Act,
            Environment = new() { Steps = 3 },
            Policy = new() { Variant = PolicyVariant.Large },
            Exploration = new() { Final = 0.5 },
            Selection = new() { Explore = SelectionExploration.Proposers },
            Learning = new() { Batch = 4 },
            Mitigation = new() { Output = OutputFunction.Inverting },
            Evaluation = new() { Every = 5 },
            Tracking = new() { Window = 6 },
        };
        foreach (var property in typeof(CellOptions).GetProperties().Where(p => IsOwn(p) && p.Name != nameof(CellOptions.Seed)))
            Assert.Equal(typeof(ScenarioOptions).GetProperty(property.Name)!.GetValue(scenario), property.GetValue(scenario.ToCell(9)));
        Assert.Equal(9u, scenario.ToCell(9).Seed);
        Assert.Equal(scenario.Seed, scenario.ToCell(9).CriticSeed);
    }

    [Fact]
    public void Every_option_and_section_is_described() =>
        Assert.All(
            ScenarioSchema.Options.Cast<SchemaNode>().Concat(ScenarioSchema.Root.Children),
            node => Assert.True(node.Description.Length > 10 && !node.Description.Contains('\n', StringComparison.Ordinal), node.Path));

    [Fact]
    public void Every_default_is_within_its_own_range() =>
        Assert.All(ScenarioSchema.Options, option =>
        {
            var faults = new List<ScenarioFault>();
            var node = YamlSource.ParseFile("default", option.Type.ToYaml(option.In(new ScenarioOptions())), faults);
            var reading = option.Type.Read(node!);
            Assert.Empty(faults);
            Assert.Null(reading.Wrong);
            Assert.Equal(option.In(new ScenarioOptions()), reading.Value);
        });

    [Theory]
    [InlineData("experiments/grid.yaml", "grid")]
    [InlineData("my grid (2).yml", "my-grid--2-")]
    [InlineData("...yaml", "scenario")]
    [InlineData("", "scenario")]
    public void A_scenario_without_a_name_is_named_by_its_file(string path, string name) =>
        Assert.Equal(name, ScenarioReader.Parse(path, "").Plan?.Scenario.Name);

    [Fact]
    public void Overrides_replace_values_and_the_last_one_counts()
    {
        var reading = ScenarioReader.Parse(
            "s.yaml",
            "seed: 1\nepisodes: 2\nlearning: {actor_rate: 0.1, batch: 32}\n",
            ["learning.actor_rate=0.2", "learning.actor_rate = 0.3", "environment.power_dbm=[1, 20]", "environment={steps: 4}", "seed=5", "name=a=b", "name=x"],
            seed: 6,
            episodes: 7);

        // a=b is no name: an override that a later one replaces is checked all the same.
        Assert.Equal(["--set name=a=b: name: 'a=b' is not a name; allowed: 1 to 100 of the characters A-Z a-z 0-9 . _ -, not dots alone"], Reading.Lines(reading));

        var scenario = ScenarioReader.Parse(
            "s.yaml",
            "seed: 1\nepisodes: 2\nlearning: {actor_rate: 0.1, batch: 32}\n",
            ["learning.actor_rate=0.2", "learning.actor_rate = 0.3", "environment.power_dbm=[1, 20]", "environment={steps: 4}", "seed=5"],
            seed: 6,
            episodes: 7).Plan!.Scenario;

        Assert.Equal((6ul, 7), (scenario.Seed, scenario.Episodes));
        Assert.Equal((0.3, 32), (scenario.Learning.ActorRate, scenario.Learning.Batch));
        Assert.Equal((new Interval(1, 20), 4), (scenario.Environment.PowerDbm, scenario.Environment.Steps));
    }

    [Fact]
    public void A_file_is_read_with_or_without_a_byte_order_mark()
    {
        using var file = new TemporaryFile("\uFEFFepisodes: 3\n");
        using var plain = new TemporaryFile("episodes: 4\n");

        Assert.Equal(3, ScenarioReader.Read(file.Path).Plan?.Scenario.Episodes);
        Assert.Equal(4, ScenarioReader.Read(plain.Path).Plan?.Scenario.Episodes);
    }

    [Fact]
    public void A_missing_file_is_a_fault_and_overrides_are_checked_all_the_same() =>
        Assert.Equal(
            ["no/such.yaml: there is no such file", "--set learning.batch=0: learning.batch: 0 is out of range; allowed: whole numbers from 1 to 4096"],
            Reading.Lines(ScenarioReader.Read("no/such.yaml", ["learning.batch=0"])));

    [Fact]
    public void A_folder_is_a_fault() =>
        Assert.Contains("this is a folder", Assert.Single(Reading.Lines(ScenarioReader.Read(Path.GetTempPath()))), StringComparison.Ordinal);

    [Fact]
    public void A_file_over_the_limit_is_refused_without_being_parsed()
    {
        using var file = new TemporaryFile(new string('#', YamlSource.LargestFile + 1));

        Assert.Equal([$"{file.Path}: the file is over 1 MB; a scenario has at most 1 MB"], Reading.Lines(ScenarioReader.Read(file.Path)));
    }

    [Fact]
    public void A_file_that_is_not_text_is_a_fault()
    {
        using var file = new TemporaryFile([0x73, 0xff, 0xfe, 0x00]);

        Assert.Equal([$"{file.Path}: the file is not UTF-8 text; a scenario is YAML in UTF-8"], Reading.Lines(ScenarioReader.Read(file.Path)));
    }

    private sealed class TemporaryFile : IDisposable
    {
        public TemporaryFile(string text)
            : this(Encoding.UTF8.GetBytes(text))
        {
        }

        public TemporaryFile(byte[] bytes) => File.WriteAllBytes(Path, bytes);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
