using System.Text;

namespace Simulator.Lab.Tests.Scenarios;

/// <summary>
/// Whatever a scenario file holds, reading it gives a plan or faults, each a line that names its place. What a read may take of memory is <see cref="Fuzzing.MostBytes"/>, a kilobyte for each
/// byte of the file (the parser's tokens and the nodes), and <see cref="BytesOfCell"/> for each cell: a million cells are a legitimate plan, and the reader's own limit (ScenarioPlan.LargestPopulation).
/// </summary>
public sealed class ScenarioFuzzTests : IDisposable
{
    private const long BytesOfCell = 2048;

    private static readonly byte[][] Files =
    [
        .. Directory.GetFiles(Repository.File("experiments"), "*.yaml").Order(StringComparer.Ordinal).Select(File.ReadAllBytes),
        .. new[]
        {
            "", "sweep: []\n", "sweep:\n  - { seed: [1, 2], clients: [5] }\n  - { learning.actor_rate: [0.1, 0.01] }\n", "name: \"x\"\ncells: 3\nseed: 18446744073709551615\n",
            "environment: { steps: 3, channels: 2 }\npolicy: { variant: vanilla, from: nowhere }\n",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public Task Five_hundred_damaged_files_give_plans_or_faults() => ReadDamagedAsync(500, 1);

    [SlowFact]
    public Task Ten_thousand_damaged_files_give_plans_or_faults() => ReadDamagedAsync(10_000, 2);

    /// <summary>Texts of the largest size that are made to be slow, or to grow.</summary>
    [SlowFact]
    public Task Files_that_are_made_to_exhaust_a_reader_give_plans_or_faults()
    {
        var largest = YamlSource.LargestFile;
        var laughs = string.Concat(Enumerable.Range(1, 30).Select(i => $"k{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        string[] texts =
        [
            .. new[] { "[", "{", "- ", "? ", "a: ", "&a ", "*a ", "!", "%", "\t", "'", "\"", "|\n ", ">\n ", "#", "\n", "[],", "x: 1\n", "---\n", "\\", ":", ",", "\r", "<<: *a\n", "- x\n", "\u00e9" }
                .Select(piece => string.Concat(Enumerable.Repeat(piece, largest / Encoding.UTF8.GetByteCount(piece)))),
            $"k0: &a0 x\n{laughs}",
            $"sweep: {{ seed: [{string.Join(',', Enumerable.Range(100_000, 149_000))}] }}\n",
            $"sweep: {{ seed: [{string.Join(',', Enumerable.Repeat(1, 500_000))}] }}\n",
            $"sweep: [{string.Join(',', Enumerable.Repeat("{}", 300_000))}]\n",
            $"sweep: [{string.Join(',', Enumerable.Repeat("{ seed: [1] }", 70_000))}]\n",
            $"sweep: [{string.Join(',', Enumerable.Repeat("{ clients: [1] }", 60_000))}]\n",
            string.Concat(Enumerable.Range(0, 100_000).Select(i => $"key{i}: 1\n")),
            string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{new string(' ', i % 200)}key{i}:\n")),
            $"name: {new string('x', largest - 10)}\n",
            $"\"{new string('x', largest - 10)}\": 1\n",
            $"clients: {new string('9', largest - 10)}\n",
            $"environment: {{ steps: [{string.Concat(Enumerable.Repeat("[", 1000))}",
        ];
        return Fuzzing.Run(texts.Length, i => AssertPlanOrFaults(Encoding.UTF8.GetBytes(texts[i]), $"'{texts[i][..Math.Min(40, texts[i].Length)]}'"));
    }

    private Task ReadDamagedAsync(int cases, int seed)
    {
        var random = new Random(seed);
        return Fuzzing.Run(cases, number =>
        {
            var file = random.Next(Files.Length);
            var bytes = Files[file];
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes = random.Next(3) == 0 ? Mutations.Of(random, bytes) : YamlMutations.Of(random, bytes);
            }

            AssertPlanOrFaults(bytes, $"{number} of seed {seed}");
        });
    }

    private void AssertPlanOrFaults(byte[] bytes, string what)
    {
        var path = _folder["s.yaml"];
        File.WriteAllBytes(path, bytes);
        ScenarioReading? reading = null;
        var allocated = Fuzzing.Allocated(() => reading = ScenarioReader.Read(path));
        Assert.Equal(reading!.Succeeded, reading.Faults.Count == 0);
        Assert.InRange(reading.Faults.Count, 0, ScenarioFault.Most + 10);
        var lines = Encoding.UTF8.GetString(bytes).Count(c => c is '\n' or '\r' or '\u0085' or '\u2028' or '\u2029') + 2;
        foreach (var fault in reading.Faults)
        {
            var line = fault.ToString();
            Assert.StartsWith(path, line, StringComparison.Ordinal);
            Assert.DoesNotContain(line, char.IsControl);
            Assert.InRange(line.Length, path.Length + 10, path.Length + 3000);
            Assert.InRange(fault.Line, 0, lines);
        }

        var most = Fuzzing.MostBytes + (1024L * bytes.Length) + (BytesOfCell * (reading.Plan?.Cells.Count ?? 0));
        Assert.True(allocated <= most, $"{what}: {bytes.Length} bytes with {reading.Plan?.Cells.Count ?? 0} cells took {allocated} bytes of memory.");
    }
}
