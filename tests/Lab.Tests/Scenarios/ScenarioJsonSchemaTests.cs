using NJsonSchema;

namespace Simulator.Lab.Tests.Scenarios;

/// <summary>The schema that editors check scenarios by, against the reader that runs them.</summary>
public class ScenarioJsonSchemaTests
{
    private const string FirstLine = "# yaml-language-server: $schema=../docs/scenario.schema.json";

    private static readonly string File = Repository.File("docs", "scenario.schema.json");
    private static readonly Lazy<JsonSchema> Schema = new(() => JsonSchema.FromJsonAsync(ScenarioJsonSchema.Text()).GetAwaiter().GetResult());

    public static TheoryData<string> Experiments => [.. Directory.EnumerateFiles(Repository.File("experiments"), "*.yaml").Select(path => Path.GetFileName(path))];

    [Fact]
    public void The_checked_in_schema_is_what_the_options_say()
    {
        if (System.Environment.GetEnvironmentVariable("SIMULATOR_UPDATE_DOCS") == "1") System.IO.File.WriteAllText(File, ScenarioJsonSchema.Text());

        Assert.True(
            System.IO.File.Exists(File) && System.IO.File.ReadAllText(File) == ScenarioJsonSchema.Text(),
            "docs/scenario.schema.json is out of date. Write it anew: SIMULATOR_UPDATE_DOCS=1 dotnet test tests/Lab.Tests");
    }

    [Theory]
    [MemberData(nameof(Experiments))]
    public void An_experiment_names_the_schema_and_fits_it_as_written_and_as_resolved(string experiment)
    {
        var path = Repository.File("experiments", experiment);
        var text = System.IO.File.ReadAllText(path);
        var reading = ScenarioReader.Read(path);

        Assert.StartsWith(FirstLine + "\n", text, StringComparison.Ordinal);
        Assert.Empty(Refusals(text));
        Assert.True(reading.Succeeded, string.Join('\n', reading.Faults));
        Assert.Empty(Refusals(ScenarioWriter.Write(reading.Plan.Scenario)));
    }

    [Fact]
    public void An_experiment_finds_the_schema_where_its_first_line_says() =>
        Assert.Equal(Path.GetFullPath(File), Path.GetFullPath(Repository.File("experiments", FirstLine[(FirstLine.IndexOf('=', StringComparison.Ordinal) + 1)..])));

    [Fact]
    public void The_largest_seed_is_written_out() =>
        Assert.Contains("\"minimum\": 0,\n      \"maximum\": 18446744073709551615,\n", ScenarioJsonSchema.Text(), StringComparison.Ordinal);

    [Fact]
    public void Every_key_is_described_and_has_its_default()
    {
        foreach (var option in ScenarioSchema.Options)
        {
            var schema = option.Path.Split('.').Aggregate(Schema.Value, (section, key) => section.Properties[key]);
            Assert.Equal(option.Description, schema.Description);
            if (option != ScenarioSchema.Name)
            {
                var value = option.Type.ToYaml(option.In(new ScenarioOptions()));
                Assert.True(value == "null" ? schema.Default is null : schema.Default is not null, option.Path);
                Assert.Empty(Refusals(At(option, value)));
            }
        }
    }

    [Theory]
    [InlineData("sede: 3")]
    [InlineData("learning: {actor_rat: 0.1}")]
    [InlineData("learning: 3")]
    [InlineData("learning: [3]")]
    [InlineData("seed: -1")]
    [InlineData("seed: 1.5")]
    [InlineData("seed: \"1\"")]
    [InlineData("seed:")]
    [InlineData("episodes: 0")]
    [InlineData("mode: play")]
    [InlineData("mode: [learn]")]
    [InlineData("name: a/b")]
    [InlineData("name: ..")]
    [InlineData("name:")]
    [InlineData("policy: {variant: huge}")]
    [InlineData("policy: {from: [a]}")]
    [InlineData("mitigation: {actor_layer_norm: 1}")]
    [InlineData("tracking: {early_stop: tRuE}")]
    [InlineData("mitigation: {weight_decay: -0.1}")]
    [InlineData("mitigation: {weight_decay: null}")]
    [InlineData("learning: {gamma: 1.1}")]
    [InlineData("learning: {max_grad_norm: many}")]
    [InlineData("environment: {power_dbm: 3}")]
    [InlineData("environment: {power_dbm: [3]}")]
    [InlineData("environment: {power_dbm: [1, 2, 3]}")]
    [InlineData("environment: {power_dbm: [1, x]}")]
    [InlineData("sweep: 3")]
    [InlineData("sweep: []")]
    [InlineData("sweep: [3]")]
    [InlineData("sweep: {clients: 3}")]
    [InlineData("sweep: {clients: []}")]
    [InlineData("sweep: {clients: }")]
    [InlineData("sweep: {clients: [0]}")]
    [InlineData("sweep: {clients: [3, 3]}")]
    [InlineData("sweep: {nothing: [3]}")]
    [InlineData("sweep: {name: [a]}")]
    [InlineData("sweep: {compute.threads: [1]}")]
    [InlineData("sweep: {policy.from: [a]}")]
    [InlineData("sweep: {learning: {batch: [3]}}")]
    [InlineData("sweep: [{clients: [3]}, {mode: [play]}]")]
    [InlineData("sweep: {environment.power_dbm: [[1, 24], [1]]}")]
    public void What_is_wrong_with_one_key_both_refuse(string text)
    {
        Assert.NotEmpty(Refusals(text));
        Assert.NotEmpty(Reading.Faults(text));
    }

    /// <summary>Values of every kind, as they stand in a file.</summary>
    private static readonly string[] Values =
    [
        "", "~", "null", "Null", "true", "True", "TRUE", "tRuE", "false", "\"true\"", "yes", "0", "-0", "+1", "1", "01", "2", "1.0", "1.5", "-1", "-0.5", ".5", "5.", "1e3", "1E-3", "1e999",
        "0x10", "1_000", "1 000", ".inf", ".nan", "NaN", "Infinity", "4096", "4097", "1000000000", "1e9", "1e13", "\"3\"", "'h2'", "H2", "h2",
        "tobm", "ToBm", "learn", "ACT", "variant", "Tanh", "relu", "baseline", "x", "a b", "a.b", "..", ".", "a/b", "2024-01-01", "\"\"", "[]", "[1]", "[1, 2]", "[2, 1]", "[1.0, 2.0]", "[0, 1]",
        "[1, 1]", "[-5, 5]", "[1, 2, 3]", "[1, x]", "[[1, 2]]", "[null]", "{}", "{a: 1}", "[{}]",
    ];

    [Fact]
    public void Whatever_value_of_whatever_key_the_schema_refuses_the_reader_refuses()
    {
        var (refused, accepted) = (0, 0);
        foreach (var option in ScenarioSchema.Options)
        {
            foreach (var value in Values)
            {
                Check(At(option, value));
                if (value.Length == 0) continue; // No entry of a list.

                Check($"sweep: {{{option.Path}: [{value}]}}");
                Check($"sweep:\n  - {{}}\n  - {option.Path}: [{value}, {value}]");
            }
        }

        // Both happen a lot: the schema is neither empty nor a wall.
        Assert.InRange(refused, 1000, int.MaxValue);
        Assert.InRange(accepted, 1000, int.MaxValue);

        void Check(string text)
        {
            if (Refusals(text) is [var first, ..])
            {
                refused++;
                Assert.False(ScenarioReader.Parse("s.yaml", text).Succeeded, $"The schema refuses what runs: {text} ({first})");
            }
            else
            {
                accepted++;
            }
        }
    }

    [Fact]
    public void What_lies_just_outside_a_range_both_refuse_and_what_lies_on_it_both_take()
    {
        foreach (var option in ScenarioSchema.Options.Where(option => option.CanBeSwept))
        {
            var schema = option.Path.Split('.').Aggregate(Schema.Value, (section, key) => section.Properties[key]);
            var ranged = schema.Minimum is null && schema.AnyOf.Count > 0 ? schema.AnyOf.First() : schema;
            if (ranged is not { Minimum: { } low, Maximum: { } high } || high >= ulong.MaxValue) continue;

            foreach (var bound in new[] { low, high })
                Assert.DoesNotContain(Reading.Faults(At(option, $"{bound}")), fault => fault.Contains("out of range", StringComparison.Ordinal));
            foreach (var beyond in new[] { low - 1, high + 1 })
            {
                Assert.NotEmpty(Refusals(At(option, $"{beyond}")));
                Assert.Contains(Reading.Faults(At(option, $"{beyond}")), fault => fault.Contains("out of range", StringComparison.Ordinal));
            }
        }
    }

    /// <summary>A scenario that sets one key.</summary>
    private static string At(SchemaOption option, string value)
    {
        var keys = option.Path.Split('.');
        return string.Concat(keys[..^1].Select((key, depth) => $"{new string(' ', 2 * depth)}{key}:\n")) + $"{new string(' ', 2 * (keys.Length - 1))}{keys[^1]}: {value}\n";
    }

    private static string[] Refusals(string text) => [.. Schema.Value.Validate(YamlAsJson.Parse(text)?.ToJsonString() ?? "null").Select(error => error.ToString())];
}
