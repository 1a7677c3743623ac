namespace Simulator.Lab.Tests.Scenarios;

/// <summary>Short ways to read a scenario in a test.</summary>
internal static class Reading
{
    public const string FileName = "s.yaml";

    public static ScenarioPlan Plan(string text, params string[] sets)
    {
        var reading = ScenarioReader.Parse(FileName, text, sets);
        Assert.Empty(reading.Faults);
        Assert.True(reading.Succeeded);
        return reading.Plan;
    }

    public static string[] Faults(string text, params string[] sets) => Lines(ScenarioReader.Parse(FileName, text, sets));

    public static string[] Lines(ScenarioReading reading)
    {
        Assert.Equal(reading.Faults.Count == 0, reading.Succeeded);
        return [.. reading.Faults.Select(fault => fault.ToString())];
    }

    public static string[] Names(this ScenarioPlan plan) => [.. plan.Cells.Select(cell => cell.Name)];
}
