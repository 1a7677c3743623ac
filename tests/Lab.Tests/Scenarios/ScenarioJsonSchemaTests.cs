using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using NJsonSchema;
using Simulator.Agents;
using Simulator.Environment;

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

    [Fact]
    public void Schema_and_reader_take_and_refuse_the_same_values_of_every_key()
    {
        foreach (var option in ScenarioSchema.Options)
        {
            foreach (var (value, right) in ValuesOf(option))
            {
                Agree(option, At(option, value), right);
                if (value.Length > 0) Agree(option, $"sweep:\n  - {{}}\n  - {option.Path}: [{value}]\n", right && option.CanBeSwept);
            }
        }

        static void Agree(SchemaOption option, string text, bool right)
        {
            Assert.True(Refusals(text) is [] == right, $"The schema {(right ? "refuses" : "takes")} {text}");
            Assert.True(ValueFaults(text) is [] == right, $"The reader {(right ? "refuses" : "takes")} {text}: {string.Join('\n', Reading.Faults(text))}");
            if (!right && option.CanBeSwept) Assert.All(Reading.Faults(text), fault => Assert.Contains($"{option.Path}: ", fault, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Schema_and_reader_refuse_every_neighbour_of_every_key()
    {
        foreach (var option in ScenarioSchema.Options)
        {
            var value = option.Type.ToYaml(option.In(new ScenarioOptions()));
            foreach (var neighbour in (string[])[option.Key[..^1] + "_", option.Key + "s", $"{option.Key[1]}{option.Key[0]}{option.Key[2..]}", option.Key.ToUpperInvariant()])
            {
                var path = option.Path[..^option.Key.Length] + neighbour;
                if (neighbour == option.Key || ScenarioSchema.Resolve(path, out _, out _) is not null) continue;

                foreach (var text in (string[])[At(option, value).Replace($"{option.Key}: ", $"{neighbour}: ", StringComparison.Ordinal), $"sweep: {{{path}: [{value}]}}\n"])
                {
                    Assert.True(Refusals(text).Length > 0, $"The schema takes {text}");
                    Assert.Contains("unknown key", Assert.Single(Reading.Faults(text)), StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void Schema_and_reader_agree_on_whole_files_of_right_and_wrong_values()
    {
        var random = new Random(7);
        var values = ScenarioSchema.Options.ToDictionary(option => option, option => ValuesOf(option).ToList());
        var refused = 0;
        for (var file = 0; file < 400; file++)
        {
            var text = new System.Text.StringBuilder();
            var wrong = new List<string>();
            Append(ScenarioSchema.Root, "");

            // Options first, then the sections below, each under its key.
            void Append(SchemaSection section, string indent)
            {
                foreach (var option in section.Children.OfType<SchemaOption>().Where(_ => random.Next(3) == 0))
                {
                    var bad = random.Next(60) == 0;
                    var (value, right) = values[option].Where(v => v.Right != bad).ElementAt(random.Next(values[option].Count(v => v.Right != bad)));
                    text.Append(CultureInfo.InvariantCulture, $"{indent}{option.Key}: {value}\n");
                    if (!right) wrong.Add(option.Path);
                }

                foreach (var inner in section.Children.OfType<SchemaSection>())
                {
                    text.Append(CultureInfo.InvariantCulture, $"{indent}{inner.Key}:\n");
                    Append(inner, indent + "  ");
                }
            }

            var (yaml, faults) = (text.ToString(), ValueFaults(text.ToString()));
            refused += wrong.Count > 0 ? 1 : 0;
            Assert.True(Refusals(yaml).Length > 0 == wrong.Count > 0, $"The schema differs: {string.Join(", ", wrong)} in\n{yaml}");

            // The reader names each of them, once.
            Assert.Equal(wrong.Order(StringComparer.Ordinal), faults.Select(fault => fault.Split(": ")[1]).Order(StringComparer.Ordinal));
        }

        Assert.InRange(refused, 50, 350);
    }

    [Theory]
    [InlineData("environment: {power_dbm: [24, 1]}")]
    [InlineData("policy: {from: no/such/folder}")]
    [InlineData("learning: {batch: 64, replay: 32}")]
    [InlineData("mitigation: {output_scale: 3}")]
    [InlineData("cells: 2\nsweep: {seed: [1, 2]}")]
    [InlineData("sweep: [{clients: [1]}, {clients: [1]}]")]
    public void What_no_schema_can_say_the_reader_refuses_alone(string text)
    {
        Assert.Empty(Refusals(text));
        Assert.NotEmpty(Reading.Faults(text));
    }

    /// <summary>Values of a key, and whether they are right: its bounds and what lies beyond, all its words and none, other types, nothing.</summary>
    private static IEnumerable<(string Value, bool Right)> ValuesOf(SchemaOption option)
    {
        var type = Nullable.GetUnderlyingType(option.Property.PropertyType) ?? option.Property.PropertyType;
        var mayBeNull = option.Type is OptionalType;
        foreach (var nothing in (string[])["", "~", "null"]) yield return (nothing, mayBeNull);
        foreach (var other in (string[])["{a: 1}", "[[1, 2]]", "[]", "[{}]"]) yield return (other, false);

        var range = option.Property.GetCustomAttribute<RangeAttribute>();
        var (low, high) = (Convert.ToDouble(range?.Minimum ?? 0, CultureInfo.InvariantCulture), Convert.ToDouble(range?.Maximum ?? 0, CultureInfo.InvariantCulture));
        var (below, above) = (Wording.YamlNumber(low - 1), Wording.YamlNumber((high * 1.01) + 1));
        if (type == typeof(Interval))
        {
            var (l, h) = (Wording.YamlNumber(low), Wording.YamlNumber(high));
            foreach (var right in (string[])[$"[{l}, {h}]", $"[{h}, {h}]", option.Type.ToYaml(option.In(new ScenarioOptions()))]) yield return (right, true);
            foreach (var wrong in (string[])[l, "many", "true", $"[{l}]", $"[{l}, {h}, {h}]", $"[{below}, {h}]", $"[{l}, {above}]", $"[{l}, x]", $"[{l}, \"1\"]", $"[{l}, true]", $"[{l}, null]"])
                yield return (wrong, false);
        }
        else if (type == typeof(double))
        {
            foreach (var right in (string[])[Wording.YamlNumber(low), Wording.YamlNumber(high), option.Type.ToYaml(option.In(new ScenarioOptions()) ?? high)]) yield return (right, true);
            foreach (var wrong in (string[])["many", "true", "\"1\"", ".nan", "-.inf", "1_000", "[1]", below, above]) yield return (wrong, false);
        }
        else if (type == typeof(int) || type == typeof(ulong))
        {
            // The cells of the largest population are as many objects; that its bound is right is seen elsewhere. NJsonSchema's numbers end where those of a long do.
            var largest = option == ScenarioSchema.Cells ? 2 : (long)high;
            foreach (var right in type == typeof(int) ? (string[])[$"{(long)low}", $"{largest}"] : ["0", "9223372036854775807"]) yield return (right, true);
            foreach (var wrong in (string[])["many", "true", "\"1\"", "1.5", ".inf", "0x10", "[1]", $"{(long)low - 1}"]) yield return (wrong, false);
            if (type == typeof(int)) yield return ($"{(long)high + 1}", false);
        }
        else if (type == typeof(bool))
        {
            foreach (var right in (string[])["true", "false", "True", "FALSE"]) yield return (right, true);
            foreach (var wrong in (string[])["yes", "on", "1", "\"true\"", "tru", "[true]"]) yield return (wrong, false);
        }
        else if (type.IsEnum)
        {
            foreach (var word in Enum.GetNames(type).Select(name => name.Any(char.IsLower) ? ScenarioSchema.SnakeCase(name) : name))
            {
                foreach (var right in (string[])[word, word.ToUpperInvariant(), $"\"{word}\""]) yield return (right, true);
                foreach (var wrong in (string[])[word + "x", word[1..], $"[{word}]", $"{word}, {word}"]) yield return (wrong.Contains(',', StringComparison.Ordinal) ? $"\"{wrong}\"" : wrong, false);
            }

            foreach (var wrong in (string[])["0", "true", "1.5"]) yield return (wrong, false);
        }
        else if (type == typeof(string))
        {
            foreach (var right in (string[])["a", "a.b-c_9", "3", "true", new string('a', 100)]) yield return (right, true);
            foreach (var wrong in (string[])["a/b", "..", "\"\"", "a b", "[a]", new string('a', 101)]) yield return (wrong, false);
        }
        else
        {
            Assert.Equal(typeof(FolderPath), type);
            yield return ("runs/none", true);
            yield return ("\"\"", false);
            yield return ("[runs]", false);
        }
    }

    /// <summary>What the reader says of single values and keys; that a folder is not there, or that keys contradict each other, is no fault of a value.</summary>
    private static string[] ValueFaults(string text) => [.. Reading.Faults(text).Where(fault =>
        ScenarioSchema.Options.Any(option => fault.Contains($"; allowed: {option.Type.Allowed}", StringComparison.Ordinal))
        || fault.Contains("cannot be swept", StringComparison.Ordinal))];

    /// <summary>A scenario that sets one key.</summary>
    private static string At(SchemaOption option, string value)
    {
        var keys = option.Path.Split('.');
        return string.Concat(keys[..^1].Select((key, depth) => $"{new string(' ', 2 * depth)}{key}:\n")) + $"{new string(' ', 2 * (keys.Length - 1))}{keys[^1]}: {value}\n";
    }

    private static string[] Refusals(string text) => [.. Schema.Value.Validate(YamlAsJson.Parse(text)?.ToJsonString() ?? "null").Select(error => error.ToString())];
}
