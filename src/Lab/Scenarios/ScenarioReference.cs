using System.Text;

namespace Simulator.Lab;

/// <summary>The reference of scenario keys, docs/scenario.md, generated from the option records.</summary>
public static class ScenarioReference
{
    private const string Opening = """
        # Scenarios

        <!-- Generated from the option records by ScenarioReference: change those, then run
             SIMULATOR_UPDATE_DOCS=1 dotnet test tests/Lab.Tests -->

        A scenario is a YAML file that describes a population: what its cells have in common, what differs between them, and the seeds. Every
        key has a default, the original's setting where the original has one; an empty file is a scenario. `scenario.yaml` in the output folder
        is the scenario as it ran, every default written out, and can be run again.

        Keys stand under the section that the tables below name. Intervals are lists `[low, high]`. Anchors, aliases and tags are not supported. Whatever is
        wrong is reported at once, a line for each fault: `file:line: key: what is wrong; what is allowed; did you mean 'x'?`

        ## In an editor

        [scenario.schema.json](scenario.schema.json) is the JSON schema of scenario files, generated from the same records as this page. An editor with a YAML language server (Visual Studio Code with
        the YAML extension, JetBrains IDEs, Neovim, Emacs) completes keys by it, shows what they mean, and marks what is wrong while you type, once the file's first line says where the schema is,
        as it does in `experiments/`: `# yaml-language-server: $schema=../docs/scenario.schema.json`. `simulator run` reads no schema: ranges and choices of its messages come from the same option types, and it finds more, such as keys
        that contradict each other. What the schema refuses the program refuses too.

        ## Overrides

        `--set KEY=VALUE` replaces a value. The key is dotted, the value is YAML: `--set learning.actor_rate=0.01`,
        `--set "environment.power_dbm=[1, 24]"`, `--set "sweep={learning.batch: [32, 64]}"`. Of several values for one key the last counts.
        `--seed` and `--episodes` are short for `seed` and `episodes`, and count after `--set`. A key that is swept cannot be overridden: the value would have no effect.

        ## Sweeps, seeds and cells

        `sweep` says what differs between configurations. It is a map of dotted key to list, and every combination of the values is a
        configuration; or a list of such maps, whose configurations are joined (`{}` among them stands for the scenario without changes). Two
        equal configurations are a fault. The keys `name`, `cells`, `policy.from`, `compute.*` and `checkpoint.*` belong to the whole population and cannot be swept.

        Each configuration is run by `cells` cells with the seeds `seed`, `seed` + 1, and so on. All randomness of a cell comes from its seed, so
        configurations with equal seeds meet the same devices, tasks and noise. `seed` itself can be swept; then `cells` must be 1 and
        `--seed` cannot be given. A scenario has at most 1,000,000 cells.

        A cell is named by its configuration's changed keys in the file's order, each with its value, and `-s<seed>`. Changed keys are those that the
        configuration's map sets, except keys that have one value in all configurations; they appear without their section where that is
        unambiguous, intervals as `low_high`. A configuration that changes nothing is named `base`. This scenario

        ```yaml
        seed: 42
        cells: 2
        learning:
          update: sequential
        sweep:
          learning.actor_rate: [0.001, 0.01]
          learning.critic_rate: [0.001]
          environment.power_dbm: [[1, 24], [10, 24]]
        ```

        has four configurations of two cells: `actor_rate-0.001-power_dbm-1_24-s42` and `-s43`, `actor_rate-0.001-power_dbm-10_24-s42` and `-s43`, and
        the same with `actor_rate-0.01`. The critic's rate is the same in all of them and so in no name.

        ## Acting, and networks from a finished run

        With `mode: act` nothing is learned: clients do what their policies say, on the tasks of the training episodes. Such cells share one critic, which is asked only where more clients propose than the server
        takes. They have no networks to save, and no evaluation unless `evaluation.episodes` asks for one, which is made once, with the baselines. `population.json` has a row for each cell; `results.json` is written
        for each of at most 1,000 cells, and the other files of a cell are not.

        `policy.from` names the folder of a finished run with one cell, or one of its cells' folders (`runs/x/cells/NAME`): its `policies.safetensors` and `critic.safetensors` are what the cells start with, client i with
        policy i, in every cell the same. Their number, shapes, variant, output, observations and sharing must be the scenario's. A relative path starts from the working directory. A cell that learns
        goes on from there with a new optimiser, an empty replay memory and the exploration of its own episodes. Networks that saw observations by running statistics are saved with these (the tensor `observation_statistics` in
        `policies.safetensors`: mean, then deviation of each of the seven columns), and can act by them; going on with `mitigation.observations: running` is refused, as with `mitigation.popart`.

        ## Keys that need others

        Some keys say more of what another key switches on: `mitigation.output_scale`, `recycle_threshold`, `target_noise_clip`, `asymmetry_bounds`, `popart_rate`. Set to another value than the default they must have an effect in some configuration of
        the scenario; else they are a fault, as cells that differ in them would be the same cells under different names.

        """;

    /// <summary>The whole reference as Markdown.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder(Opening);
        Table(text, ScenarioSchema.Root, new ScenarioOptions());
        return text.ToString();
    }

    private static void Table(StringBuilder text, SchemaSection section, ScenarioOptions defaults)
    {
        text.Append(section.Parent is null ? "\n## Keys at the top level\n\n" : $"\n## `{section.Path}`\n\n{section.Description}\n\n");
        text.Append("| Key | Allowed | Default | Meaning |\n|---|---|---|---|\n");
        foreach (var node in section.Children)
        {
            var (allowed, otherwise) = node switch
            {
                SchemaOption option => (option.Type.Allowed, $"`{option.Type.ToYaml(node.In(defaults))}`"),
                SchemaSweep => ("see above", "`{}`"),
                _ => ("a section, see below", ""),
            };
            text.Append($"| `{node.Key}` | {Cell(allowed)} | {(node == ScenarioSchema.Name ? "the file's name" : otherwise)} | {Cell(node.Description)} |\n");
        }

        foreach (var inner in section.Children.OfType<SchemaSection>()) Table(text, inner, defaults);
    }

    private static string Cell(string text) => text.Replace("|", @"\|", StringComparison.Ordinal);
}
