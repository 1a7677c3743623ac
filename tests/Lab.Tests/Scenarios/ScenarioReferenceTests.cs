namespace Simulator.Lab.Tests.Scenarios;

public class ScenarioReferenceTests
{
    private static readonly string Reference = Repository.File("docs", "scenario.md");

    [Fact]
    public void The_checked_in_reference_is_what_the_options_say()
    {
        if (System.Environment.GetEnvironmentVariable("SIMULATOR_UPDATE_DOCS") == "1") File.WriteAllText(Reference, ScenarioReference.Markdown());

        Assert.True(
            File.Exists(Reference) && File.ReadAllText(Reference) == ScenarioReference.Markdown(),
            "docs/scenario.md is out of date. Write it anew: SIMULATOR_UPDATE_DOCS=1 dotnet test tests/Lab.Tests");
    }

    [Fact]
    public void The_example_in_the_reference_has_the_cells_that_it_claims()
    {
        var text = ScenarioReference.Markdown();
        var start = text.IndexOf("```yaml\n", StringComparison.Ordinal) + "```yaml\n".Length;
        var plan = Reading.Plan(text[start..text.IndexOf("```", start, StringComparison.Ordinal)]);

        Assert.Equal(8, plan.Cells.Count);
        Assert.All(plan.Names()[..4].Select(name => name[..^4]), name => Assert.Contains($"`{name}-s42` and `-s43`", text, StringComparison.Ordinal));
    }
}
