using Simulator.Lab.Reports;
using Simulator.Lab.Tests.Reports;

namespace Simulator.Lab.Tests;

/// <summary>Folders of runs that somebody else made: nothing outside them is read or written, and each is refused in one line.</summary>
public sealed class HostileFolderTests : IDisposable
{
    private const string Cell = "0.1-0.01-s42";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("population.json")]
    [InlineData("scenario.yaml")]
    [InlineData("events.jsonl")]
    [InlineData("cells")]
    [InlineData($"cells/{Cell}")]
    [InlineData($"cells/{Cell}/results.json")]
    [InlineData($"cells/{Cell}/checkpoint")]
    [InlineData("report.html.part")]
    public void A_link_in_a_folder_is_neither_read_nor_written(string name)
    {
        var folder = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        File.WriteAllText(_folder["outside"], "not of this run");
        var path = Path.Combine(folder, name);
        if (Directory.Exists(path))
        {
            Directory.Move(path, _folder["elsewhere"]);
            Directory.CreateSymbolicLink(path, _folder["elsewhere"]);
        }
        else
        {
            File.Delete(path);
            File.CreateSymbolicLink(path, _folder["outside"]);
        }

        AssertRefused<UnreadableRunException>(() => RunReader.Read([folder]));
        AssertRefused<UnreadableRunException>(() => RunReport.Write([folder], Path.Combine(folder, RunReport.FileName)));
        AssertRefused<OutputFolderException>(() => RunFolder.Open(folder).Dispose());
        if (name != "scenario.yaml")
        {
            AssertRefused<SavedPoliciesException>(() => SavedPolicies.Read(folder, null));
        }

        Assert.Equal("not of this run", File.ReadAllText(_folder["outside"]));
    }

    [Fact]
    public void A_folder_that_is_reached_by_a_link_is_read()
    {
        new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        Directory.CreateSymbolicLink(_folder["link"], _folder["run"]);
        Assert.Single(RunReader.Read([_folder["link"]]));
    }

    [Theory]
    [InlineData("../..")]
    [InlineData("cells/../../other")]
    [InlineData("/etc")]
    [InlineData("cells")]
    [InlineData("")]
    [InlineData("cells/a\\u0000b")]
    [InlineData("\\ud800")]
    public void A_cell_whose_folder_lies_elsewhere_is_refused(string named)
    {
        var folder = new SampleRun().Add(0.1, 0.01).Write(_folder["run"]);
        var population = Path.Combine(folder, "population.json");
        File.WriteAllText(population, File.ReadAllText(population).Replace($"\"cells/{Cell}\"", $"\"{named}\"", StringComparison.Ordinal));
        var fault = Assert.Throws<UnreadableRunException>(() => RunReader.Read([folder]));
        Assert.DoesNotContain(fault.Message, char.IsControl);
    }

    [Fact]
    public void A_scenario_that_would_exhaust_the_stack_or_the_memory_is_refused()
    {
        foreach (var text in (string[])
            [
                string.Concat(Enumerable.Range(0, 900).Select(i => $"{new string(' ', i)}k:\n")),
                $"a: {new string('[', 100_000)}",
                "a: &a { b: *a }\n",
                string.Concat(Enumerable.Range(1, 12).Select(i => $"k{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n").Prepend("k0: &a0 x\n")),
            ])
        {
            var fault = Assert.Throws<UnreadableRunException>(() => SettingsReader.Parse("scenario.yaml", text));
            Assert.StartsWith("scenario.yaml:", fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_sweep_of_thirty_thousand_values_is_read_without_comparing_each_with_each()
    {
        var reading = ScenarioReader.Parse("s.yaml", $"sweep: {{ seed: [{string.Join(',', Enumerable.Range(0, 30_000))}] }}\n");
        Assert.Equal(30_000, reading.Plan!.Cells.Count);
    }

    [Fact]
    public void A_scenario_with_a_fault_in_every_line_tells_of_the_first_ones()
    {
        var reading = ScenarioReader.Parse("s.yaml", string.Concat(Enumerable.Range(0, 50_000).Select(i => $"key{i}: 1\n")));
        Assert.InRange(reading.Faults.Count, ScenarioFault.Most, ScenarioFault.Most + 10);
    }

    private static void AssertRefused<T>(Action read)
        where T : Exception
    {
        var message = Assert.Throws<T>(read).Message;
        Assert.Contains("is a link; only what lies in the folder itself is read and written", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }
}
