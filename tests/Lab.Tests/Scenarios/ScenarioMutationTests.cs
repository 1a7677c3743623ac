using CsCheck;

namespace Simulator.Lab.Tests.Scenarios;

public class ScenarioMutationTests
{
    private static readonly string Quickstart = File.ReadAllText(Repository.File("experiments", "quickstart.yaml"));

    /// <summary>Pieces of YAML that are likely to change what the text means.</summary>
    private static readonly string[] Pieces =
    [
        "", " ", "  ", "\n", "\n  ", "\t", ":", ": ", "- ", "[", "]", "{", "}", ",", "#", "&a", "*a", "!!int ", "!", "|", ">", "'", "\"", "%", "@", "`", "?", "<<: ", "---", "...",
        "~", "null", "true", "-1", "0", "1e999", ".nan", ".inf", "1000000", "18446744073709551616", "\0", "\u001b", "\u0085", "\uFEFF", "\ud800", "é", "\r", "seed", "sweep: ", "learning: ", "clients: [1, 2]",
    ];

    [Fact]
    public void No_damage_to_a_scenario_makes_the_reader_throw() =>
        Gen.Select(Gen.Double[0, 1], Gen.Int[0, 20], Gen.Int[0, Pieces.Length - 1])
            .List[1, 6]
            .Sample(AssertPlanOrFaults, iter: 20_000);

    [Fact]
    public void No_text_makes_the_reader_throw() =>
        Gen.Int[0, Pieces.Length - 1].List[0, 30].Sample(
            pieces => AssertRead(string.Concat(pieces.Select(piece => Pieces[piece]))),
            iter: 20_000);

    [Fact]
    public void No_override_makes_the_reader_throw() =>
        Gen.Select(Gen.Int[0, ScenarioSchema.Options.Count - 1], Gen.Int[0, Pieces.Length - 1].List[0, 5]).Sample(
            (option, pieces) => AssertRead("", $"{ScenarioSchema.Options[option].Path}={string.Concat(pieces.Select(piece => Pieces[piece]))}"),
            iter: 10_000);

    private static void AssertPlanOrFaults(List<(double At, int Length, int Piece)> mutations)
    {
        var text = Quickstart;
        foreach (var (at, length, piece) in mutations)
        {
            var start = (int)(at * text.Length);
            text = text.Remove(start, Math.Min(length, text.Length - start)).Insert(start, Pieces[piece]);
        }

        AssertRead(text);
    }

    private static void AssertRead(string text, params string[] sets)
    {
        var reading = ScenarioReader.Parse("s.yaml", text, sets);

        Assert.Equal(reading.Succeeded, reading.Faults.Count == 0);
        Assert.All(reading.Faults, fault => Assert.DoesNotContain(fault.ToString(), char.IsControl));
        Assert.All(reading.Faults, fault => Assert.True(fault.File.Length > 0 && fault.Message.Length > 0));
    }
}
