using System.Text;

namespace Simulator.Lab.Tests.Scenarios;

/// <summary>What a user reads who got something wrong: one line for each fault, all of them at once.</summary>
public class ScenarioFaultTests
{
    private const string LearningKeys = "actor_rate, critic_rate, update, batch, replay, priority_exponent, gamma, tau, max_grad_norm";

    private const string TopKeys =
        "name, seed, episodes, clients, cells, mode, placement, environment, policy, exploration, selection, learning, mitigation, evaluation, tracking, compute, checkpoint, telemetry, sweep";

    [Theory]

    // Unknown keys
    [InlineData("epsiodes: 3", $"s.yaml:1: epsiodes: unknown key; allowed: {TopKeys}; did you mean 'episodes'?")]
    [InlineData("learning:\n  actr_rate: 3", $"s.yaml:2: learning.actr_rate: unknown key in learning; allowed: {LearningKeys}; did you mean 'actor_rate'?")]
    [InlineData("learning:\n  zzzzzzzz: 3", $"s.yaml:2: learning.zzzzzzzz: unknown key in learning; allowed: {LearningKeys}")]
    [InlineData("actor_rate: 3", "s.yaml:1: actor_rate: unknown key; it belongs elsewhere: write actor_rate under learning")]
    [InlineData("learning.actor_rate: 3", "s.yaml:1: learning.actor_rate: unknown key; it belongs elsewhere: write actor_rate under learning")]
    [InlineData("learning: {clients: 3}", "s.yaml:1: learning.clients: unknown key in learning; it belongs elsewhere: write clients at the top level")]
    [InlineData("learning: {episodes: 3}", "s.yaml:1: learning.episodes: unknown key in learning; it belongs elsewhere: write episodes at the top level, or write episodes under evaluation")]
    [InlineData("environment:\n  selection_limit: 3", null)]

    // Values
    [InlineData("clients: many", "s.yaml:1: clients: 'many' is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("clients: 1.5", "s.yaml:1: clients: '1.5' is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("clients: \"50\"", "s.yaml:1: clients: the text \"50\" is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("clients: 0", "s.yaml:1: clients: 0 is out of range; allowed: whole numbers from 1 to 1000000")]
    [InlineData("clients:", "s.yaml:1: clients: the value is missing; allowed: whole numbers from 1 to 1000000")]
    [InlineData("clients: null", "s.yaml:1: clients: 'null' is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("clients: [50]", "s.yaml:1: clients: a list is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("clients:\n  a: 1", "s.yaml:2: clients: a mapping is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("seed: -1", "s.yaml:1: seed: -1 is out of range; allowed: whole numbers from 0 to 18446744073709551615")]
    [InlineData("seed: 18446744073709551616", "s.yaml:1: seed: 18446744073709551616 is out of range; allowed: whole numbers from 0 to 18446744073709551615")]
    [InlineData("learning: {gamma: 1.1}", "s.yaml:1: learning.gamma: 1.1 is out of range; allowed: numbers from 0 to 1")]
    [InlineData("learning: {gamma: .nan}", "s.yaml:1: learning.gamma: '.nan' is not a finite number; allowed: numbers from 0 to 1")]
    [InlineData("learning: {gamma: NaN}", "s.yaml:1: learning.gamma: 'NaN' is not a finite number; allowed: numbers from 0 to 1")]
    [InlineData("learning: {max_grad_norm: -.inf}", "s.yaml:1: learning.max_grad_norm: '-.inf' is not a finite number; allowed: numbers from 0 to 1e12, or null")]
    [InlineData("learning: {max_grad_norm: 1e999}", "s.yaml:1: learning.max_grad_norm: '1e999' is not a finite number; allowed: numbers from 0 to 1e12, or null")]
    [InlineData("learning: {max_grad_norm: none}", "s.yaml:1: learning.max_grad_norm: 'none' is not a number; allowed: numbers from 0 to 1e12, or null")]
    [InlineData("tracking: {early_stop: 1}", "s.yaml:1: tracking.early_stop: '1' is not a truth value; allowed: true, false")]
    [InlineData("environment: {server: H3}", "s.yaml:1: environment.server: 'H3' is not allowed; allowed: H2, TOBM; did you mean 'H2'?")]
    [InlineData("environment: {server: 0}", "s.yaml:1: environment.server: '0' is not allowed; allowed: H2, TOBM")]
    [InlineData("learning: {update: sequentail}", "s.yaml:1: learning.update: 'sequentail' is not allowed; allowed: simultaneous, sequential; did you mean 'sequential'?")]
    [InlineData("name: a/b", "s.yaml:1: name: 'a/b' is not a name; allowed: 1 to 100 of the characters A-Z a-z 0-9 . _ -, not dots alone")]
    [InlineData("name: ..", "s.yaml:1: name: '..' is not a name; allowed: 1 to 100 of the characters A-Z a-z 0-9 . _ -, not dots alone")]
    [InlineData("name: \"a\\n\"", "s.yaml:1: name: the text \"a \" is not a name; allowed: 1 to 100 of the characters A-Z a-z 0-9 . _ -, not dots alone")]

    // Intervals
    [InlineData("environment: {power_dbm: 3}", "s.yaml:1: environment.power_dbm: '3' is not an interval; allowed: [low, high] with low <= high, both from -200 to 200")]
    [InlineData("environment: {power_dbm: [3]}", "s.yaml:1: environment.power_dbm: a list of 1 is not an interval; allowed: [low, high] with low <= high, both from -200 to 200")]
    [InlineData("environment: {power_dbm: [24, 1]}", "s.yaml:1: environment.power_dbm: low 24 is above high 1; allowed: [low, high] with low <= high, both from -200 to 200")]
    [InlineData("environment: {power_dbm: [1, x]}", "s.yaml:1: environment.power_dbm: 'x' is not a number; allowed: [low, high] with low <= high, both from -200 to 200")]
    [InlineData("environment: {power_dbm: [1, .inf]}", "s.yaml:1: environment.power_dbm: '.inf' is not a finite number; allowed: [low, high] with low <= high, both from -200 to 200")]
    [InlineData("environment: {power_dbm: [1, 300]}", "s.yaml:1: environment.power_dbm: 300 is out of range; allowed: [low, high] with low <= high, both from -200 to 200")]
    [InlineData("environment: {cpu_ghz: [0, 1]}", "s.yaml:1: environment.cpu_ghz: 0 is not positive, as the physics needs it; allowed: [low, high] with low <= high, both from 1e-6 to 1e6")]
    [InlineData("environment: {size_mb: [-1, 1]}", "s.yaml:1: environment.size_mb: -1 is not positive, as the physics needs it; allowed: [low, high] with low <= high, both from 1e-6 to 1e6")]
    [InlineData("environment: {cycles_per_bit: [0, 1]}", "s.yaml:1: environment.cycles_per_bit: 0 is not positive, as the physics needs it; allowed: [low, high] with low <= high, both from 1e-6 to 1e9")]

    // Structure
    [InlineData("- 1", $"s.yaml:1: a list stands where a mapping belongs; expected a mapping with keys of: {TopKeys}")]
    [InlineData("hello", $"s.yaml:1: 'hello' stands where a mapping belongs; expected a mapping with keys of: {TopKeys}")]
    [InlineData("learning: 3", $"s.yaml:1: learning: '3' stands where a mapping belongs; expected a mapping with keys of: {LearningKeys}")]
    [InlineData("learning: ~", $"s.yaml:1: learning: nothing stands where a mapping belongs; expected a mapping with keys of: {LearningKeys}")]
    [InlineData("seed: 1\nclients: 2\nseed: 3", "s.yaml:3: seed: the key is given twice, first on line 1; a key is given once")]
    [InlineData("[a, b]: 3", "s.yaml:1: a list or a mapping stands where a key belongs; a key is a word")]
    [InlineData("seed: &x 3", "s.yaml:1: anchor '&x' is not supported; write the value where it is needed")]
    [InlineData("seed: *x", "s.yaml:1: alias '*x' is not supported; write the value out")]
    [InlineData("seed: !!str 3", "s.yaml:1: tag 'tag:yaml.org,2002:str' is not supported; every key has its type already")]
    [InlineData("seed: 3\n---\nseed: 4", "s.yaml:2: the YAML cannot be read: a second document begins; a scenario is one YAML document")]
    [InlineData("seed: 3\nlearning: {batch: 3", null)]
    [InlineData("seed: 3\n\tclients: 4", null)]

    // Contradictions
    [InlineData(
        "mitigation: {output: beta, bound_penalty: 0.001}",
        "s.yaml:1: mitigation.bound_penalty: a Beta policy has no pre-activation that leaves the range of the actions; with mitigation.output: beta mitigation.bound_penalty must be 0")]
    [InlineData(
        "learning:\n  batch: 64\n  replay: 32",
        "s.yaml:2: learning.batch: batch over capacity: a minibatch of 64 cannot be drawn from a replay memory of 32; learning.batch may be at most learning.replay")]
    [InlineData(
        "learning:\n  replay: 32",
        "s.yaml:2: learning.replay: batch over capacity: a minibatch of 64 cannot be drawn from a replay memory of 32; learning.batch may be at most learning.replay")]
    [InlineData(
        "environment:\n  energy_mj: [0.1, 0.4]",
        "s.yaml:2: environment.energy_mj: reserve over capacity: a battery of 0.4 MJ never reaches a reserve of 0.5 MJ; environment.reserve_mj may be at most the upper end of environment.energy_mj")]
    [InlineData(
        "environment: {energy_mj: [0, 0], reserve_mj: 0}",
        "s.yaml:1: environment.energy_mj: a battery without capacity: the upper end of environment.energy_mj must be positive")]
    [InlineData(
        "environment: {storage_mb: 0.5}",
        "s.yaml:1: environment.storage_mb: no task fits: the smallest has 1 MB, the server's storage 0.5 MB; environment.storage_mb must be above the lower end of environment.size_mb, or 0 to switch offloading off")]
    [InlineData(
        "exploration: {initial: 0}",
        "s.yaml:1: exploration.initial: noise would grow from 0 to 0.01; exploration.final may be at most exploration.initial")]
    [InlineData(
        "seed: 18446744073709551615\ncells: 2",
        "s.yaml:2: cells: the seeds of 2 cells from 18446744073709551615 on go beyond the largest seed, 18446744073709551615")]

    [InlineData(
        "policy: {sharing: shared}\nlearning:\n  update: sequential",
        "s.yaml:1: policy.sharing: one policy cannot learn for one client after the other: its step is the mean over all clients; with policy.sharing: shared learning.update must be simultaneous")]
    [InlineData(
        "policy: {variant: layernorm}\nmitigation: {output: beta}",
        "s.yaml:2: mitigation.output: the layernorm variant would normalise where a stochastic policy lies against how wide it is; with policy.variant: layernorm mitigation.output may be none of gaussian and beta")]
    [InlineData(
        "policy: {variant: linear}\nmitigation: {actor_activation: tanh}",
        "s.yaml:2: mitigation.actor_activation: the linear variant has no hidden activation, in its critic either; with policy.variant: linear mitigation.actor_activation must be variant")]
    [InlineData(
        "policy: {variant: fullnorm}\nmitigation:\n  critic_layer_norm: affine",
        "s.yaml:3: mitigation.critic_layer_norm: two LayerNorms in one hidden layer: fullnorm has one behind each activation, mitigation.critic_layer_norm sets one before it; use another variant, or leave it out")]
    [InlineData(
        "sweep:\n  policy.variant: [large, fullnorm]\nmitigation: {actor_layer_norm: affine}",
        "s.yaml:2: policy.variant: two LayerNorms in one hidden layer: fullnorm has one behind each activation, mitigation.actor_layer_norm sets one before it; use another variant, or leave it out")]
    [InlineData(
        "mitigation:\n  target_noise: 0.2\n  target_noise_clip: 0",
        "s.yaml:3: mitigation.target_noise_clip: noise that is clipped to nothing: with mitigation.target_noise over 0 mitigation.target_noise_clip must be over 0, too")]
    [InlineData(
        "mitigation:\n  asymmetry_scaling: inverse\n  asymmetry_bounds: [0, 0]",
        "s.yaml:3: mitigation.asymmetry_bounds: actors that never move: with mitigation.asymmetry_scaling the upper end of mitigation.asymmetry_bounds must be positive")]
    [InlineData(
        "mode: act\nmitigation: {observations: running}",
        "s.yaml:2: mitigation.observations: statistics that nobody takes: observations by running statistics are of cells that learn; with mode: act mitigation.observations may be raw or scaled, or running where policy.from names networks that were saved with theirs")]
    [InlineData(
        "mitigation:\n  popart: true\n  initial_l2: 0.001",
        "s.yaml:3: mitigation.initial_l2: popart rescales the critic's last layer whenever the targets' moments change, and initial_l2 would pull it back to initial weights that stand for other values; with mitigation.popart: true mitigation.initial_l2 must be 0 (mitigation.weight_decay may be combined with it)")]
    [InlineData(
        "mitigation:\n  output_scale: 3",
        "s.yaml:2: mitigation.output_scale: 3 has no effect in any cell: the key needs mitigation.output: sigmoid or scaled_tanh; set that too, or leave mitigation.output_scale out")]
    [InlineData(
        "mitigation: {recycle_threshold: 0.1}",
        "s.yaml:1: mitigation.recycle_threshold: 0.1 has no effect in any cell: the key needs mitigation.recycle_every over 0; set that too, or leave mitigation.recycle_threshold out")]
    [InlineData(
        "mitigation: {target_noise_clip: 0.1}",
        "s.yaml:1: mitigation.target_noise_clip: 0.1 has no effect in any cell: the key needs mitigation.target_noise over 0; set that too, or leave mitigation.target_noise_clip out")]
    [InlineData(
        "mitigation: {asymmetry_bounds: [0.1, 9]}",
        "s.yaml:1: mitigation.asymmetry_bounds: [0.1, 9] has no effect in any cell: the key needs mitigation.asymmetry_scaling: proportional or inverse; set that too, or leave mitigation.asymmetry_bounds out")]
    [InlineData(
        "sweep:\n  learning.gamma: [0.9, 0.99]\n  mitigation.popart_rate: [0.0003, 0.1, 0.2]",
        "s.yaml:3: mitigation.popart_rate: 0.1 has no effect in any cell: the key needs mitigation.popart: true; set that too, or leave mitigation.popart_rate out")]
    [InlineData("mode: play", "s.yaml:1: mode: 'play' is not allowed; allowed: learn, act")]
    [InlineData("policy: {from: [a]}", "s.yaml:1: policy.from: a list is not a path; allowed: the path of a folder, or null")]
    [InlineData(
        "seed: 1\npolicy:\n  from: no/such/folder",
        "s.yaml:3: policy.from: there is no folder 'no/such/folder'; name the folder of a finished run with one cell, or of one of its cells")]

    // Sweep
    [InlineData("sweep: {policy.from: [a]}", "s.yaml:1: sweep.policy.from: this key belongs to the whole population and cannot be swept; cells differ in the other keys")]
    [InlineData("sweep: 3", "s.yaml:1: sweep: '3' stands where a mapping belongs; expected a map of key to list, or a list of such maps")]
    [InlineData("sweep: []", "s.yaml:1: sweep: an empty list stands for no configuration at all; leave the sweep out, or write {}")]
    [InlineData("sweep: [3]", "s.yaml:1: sweep: '3' stands where a mapping belongs; expected a map of key to list, or a list of such maps")]
    [InlineData("sweep:\n  clients: 3", "s.yaml:2: sweep.clients: a single value is not a list; write [3]")]
    [InlineData("sweep:\n  clients:", "s.yaml:2: sweep.clients: expected a list of values; each allowed: whole numbers from 1 to 1000000")]
    [InlineData("sweep:\n  clients: []", "s.yaml:2: sweep.clients: the list is empty; give the values to sweep")]
    [InlineData("sweep:\n  clients:\n    - 3\n    - x", "s.yaml:4: clients: 'x' is not a whole number; allowed: whole numbers from 1 to 1000000")]
    [InlineData("sweep:\n  clients: [1, 2,\n    1]", "s.yaml:3: sweep.clients: 1 is listed twice; every configuration must differ")]
    [InlineData("sweep: {learning.gamma: [0, -0.0]}", "s.yaml:1: sweep.learning.gamma: 0 is listed twice; every configuration must differ")]
    [InlineData("sweep:\n  learning: {batch: [3]}", "s.yaml:2: sweep.learning: a section cannot be swept; write dotted keys, such as learning.actor_rate: [...]")]
    [InlineData("sweep: {actor_rate: [3]}", "s.yaml:1: sweep.actor_rate: unknown key; it belongs elsewhere: write learning.actor_rate")]
    [InlineData("sweep: {learning.actorrate: [3]}", $"s.yaml:1: sweep.learning.actorrate: unknown key in learning; allowed: {LearningKeys}; did you mean 'learning.actor_rate'?")]
    [InlineData("sweep: {learning.batch.size: [3]}", $"s.yaml:1: sweep.learning.batch.size: unknown key in learning; allowed: {LearningKeys}")]
    [InlineData("sweep: {name: [a]}", "s.yaml:1: sweep.name: this key belongs to the whole population and cannot be swept; cells differ in the other keys")]
    [InlineData("sweep: {cells: [1]}", "s.yaml:1: sweep.cells: this key belongs to the whole population and cannot be swept; cells differ in the other keys")]
    [InlineData("sweep: {compute: [1]}", "s.yaml:1: sweep.compute: this key belongs to the whole population and cannot be swept; cells differ in the other keys")]
    [InlineData("sweep: {compute.batch_delay_ms: [1]}", "s.yaml:1: sweep.compute.batch_delay_ms: this key belongs to the whole population and cannot be swept; cells differ in the other keys")]
    [InlineData("sweep: {sweep: [1]}", "s.yaml:1: sweep.sweep: this key belongs to the whole population and cannot be swept; cells differ in the other keys")]
    [InlineData("sweep:\n  seed: [1, 2]\ncells: 2", "s.yaml:3: cells: copies with successive seeds and a swept seed (line 2) exclude each other; allowed: 1 with a swept seed")]
    [InlineData("sweep:\n  - clients: [1, 2]\n  - clients: [2, 3]", "s.yaml:3: sweep: this map repeats a configuration of a map before it; every configuration must differ")]
    [InlineData("sweep:\n  - {}\n  - clients: [50]", "s.yaml:3: sweep: this map repeats a configuration of a map before it; every configuration must differ")]
    [InlineData(
        "sweep:\n  learning.batch: [64,\n    128]\n  learning.replay: [100, 200]",
        "s.yaml:3: learning.batch: batch over capacity: a minibatch of 128 cannot be drawn from a replay memory of 100; learning.batch may be at most learning.replay")]
    [InlineData("cells: 1000000\nsweep:\n  clients: [1, 2]", "s.yaml:3: sweep: 2 configurations with 1000000 cells each are too many; a scenario has at most 1000000 cells")]
    public void A_fault_says_where_what_is_wrong_and_what_is_allowed(string text, string? line)
    {
        var fault = Assert.Single(Reading.Faults(text));

        if (line is not null) Assert.Equal(line, fault);
    }

    [Theory]
    [InlineData("mitigation: {output_scale: 3}\nsweep: {mitigation.output: [tanh, sigmoid]}")]
    [InlineData("sweep:\n  - {}\n  - {mitigation.popart: [true], mitigation.popart_rate: [0.1, 0.2]}")]
    [InlineData("mitigation: {output_scale: 5.0, recycle_threshold: 0.025, target_noise_clip: 0.5, asymmetry_bounds: [0.1, 10], popart_rate: 3e-4}")]
    [InlineData("sweep: {mitigation.target_noise: [0, 0.2]}", "mitigation.target_noise_clip=0.3")]
    public void An_option_that_others_switch_on_may_be_set_where_it_has_an_effect_in_some_configuration_or_is_the_default(string text, params string[] sets) =>
        Assert.Empty(Reading.Faults(text, sets));

    [Fact]
    public void Options_that_others_switch_on_are_keys()
    {
        Assert.All(ScenarioChecks.Dependent, d => Assert.IsType<SchemaOption>(ScenarioSchema.Resolve(d.Key, out _, out _)));
        Assert.All(ScenarioChecks.Dependent, d => Assert.False(d.HasEffect(new ScenarioOptions().ToCell(0))));
    }

    [Theory]
    [InlineData("mitigation.output_scale=3", "--set mitigation.output_scale=3: mitigation.output_scale: 3 has no effect in any cell: the key needs mitigation.output: sigmoid or scaled_tanh; set that too, or leave mitigation.output_scale out")]
    [InlineData("learning.actor_rate", "--set learning.actor_rate: there is no '='; write KEY=VALUE, such as learning.actor_rate=0.01")]
    [InlineData("learning.actor_rat=1", $"--set learning.actor_rat=1: learning.actor_rat: unknown key in learning; allowed: {LearningKeys}; did you mean 'learning.actor_rate'?")]
    [InlineData("actor_rate=1", "--set actor_rate=1: actor_rate: unknown key; it belongs elsewhere: write learning.actor_rate")]
    [InlineData("=1", $"--set =1: unknown key; allowed: {TopKeys}")]
    [InlineData("learning.batch=", "--set learning.batch=: learning.batch: the value is missing; allowed: whole numbers from 1 to 4096")]
    [InlineData("learning.batch=0", "--set learning.batch=0: learning.batch: 0 is out of range; allowed: whole numbers from 1 to 4096")]
    [InlineData("learning=3", $"--set learning=3: learning: '3' stands where a mapping belongs; expected a mapping with keys of: {LearningKeys}")]
    [InlineData("learning={batch: 0}", "--set learning={batch: 0}: learning.batch: 0 is out of range; allowed: whole numbers from 1 to 4096")]
    [InlineData("clients=3", "--set clients=3: clients: the scenario sweeps this key (line 2), so that the value would have no effect; change the sweep, or replace it with --set sweep={...}")]
    [InlineData(
        "learning.replay=10",
        "--set learning.replay=10: learning.replay: batch over capacity: a minibatch of 64 cannot be drawn from a replay memory of 10; learning.batch may be at most learning.replay")]
    public void A_fault_of_an_override_names_the_override(string set, string line) =>
        Assert.Equal([line], Reading.Faults("sweep:\n  clients: [1, 2]", set));

    [Fact]
    public void Broken_yaml_in_an_override_is_its_fault() =>
        Assert.StartsWith("--set learning.batch=[1: the YAML cannot be read: ", Assert.Single(Reading.Faults("", "learning.batch=[1")), StringComparison.Ordinal);

    [Fact]
    public void Arguments_for_swept_keys_are_faults() =>
        Assert.Equal(
            [
                "--seed: seed: the scenario sweeps this key (line 1), so that the value would have no effect; change the sweep, or replace it with --set sweep={...}",
                "--episodes: episodes: the scenario sweeps this key (line 1), so that the value would have no effect; change the sweep, or replace it with --set sweep={...}",
            ],
            Reading.Lines(ScenarioReader.Parse("s.yaml", "sweep: {seed: [1, 2], episodes: [3, 4]}", seed: 5, episodes: 6)));

    [Fact]
    public void An_argument_out_of_range_is_a_fault() =>
        Assert.Equal(["--episodes: episodes: 0 is out of range; allowed: whole numbers from 1 to 10000000"], Reading.Lines(ScenarioReader.Parse("s.yaml", "", episodes: 0)));

    [Fact]
    public void All_faults_are_reported_at_once_each_with_its_line()
    {
        var faults = ScenarioReader.Parse("s.yaml", """
            seed: x
            learning:
              batch: 0
              nonsense: 1
            learning:
              batch: 64
            sweep:
              clients: [0, 1, y]
            """, ["clients=1", "bad"]).Faults;

        Assert.Equal(
            [("s.yaml", 1), ("s.yaml", 3), ("s.yaml", 4), ("s.yaml", 5), ("s.yaml", 8), ("s.yaml", 8), ("--set bad", 0), ("--set clients=1", 0)],
            faults.Select(fault => (fault.File, fault.Line)));
    }

    [Theory]
    [InlineData("[", 19, false)]
    [InlineData("[", 21, true)]
    [InlineData("[", 500_000, true)]
    [InlineData("{a: ", 200_000, true)]
    [InlineData("- ", 400_000, true)]
    public void Nesting_is_refused_before_it_exhausts_the_stack(string opening, int levels, bool isTooDeep)
    {
        var text = new StringBuilder().Insert(0, opening, levels).ToString();

        Assert.Equal(isTooDeep, Reading.Faults(text)[0].Contains("more than 20 levels of nesting", StringComparison.Ordinal));
    }

    [Fact]
    public void Control_characters_and_long_values_do_not_reach_the_terminal()
    {
        var fault = Assert.Single(Reading.Faults($"clients: \"\\e[31m{new string('x', 1000)}\""));

        Assert.DoesNotContain(fault, char.IsControl);
        Assert.True(fault.Length < 200, fault);
    }

    [Fact]
    public void A_population_too_large_to_count_is_refused_before_it_is_expanded()
    {
        var text = new StringBuilder("sweep:\n");
        foreach (var option in ScenarioSchema.Options.Where(option => option.CanBeSwept && option.Type is NumberType))
            text.Append($"  {option.Path}: [{string.Join(", ", Enumerable.Range(1, 50).Select(i => $"0.0{i:00}"))}]\n");

        Assert.EndsWith("are too many; a scenario has at most 1000000 cells", Assert.Single(Reading.Faults(text.ToString())), StringComparison.Ordinal);
    }
}
