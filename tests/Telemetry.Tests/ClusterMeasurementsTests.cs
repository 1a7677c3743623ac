namespace Simulator.Telemetry.Tests;

/// <summary>The measurements are one set for the process: there is one test of them.</summary>
public sealed class ClusterMeasurementsTests
{
    [Fact]
    public void A_process_that_is_no_member_shows_nothing_and_one_that_is_shows_zeros_for_what_is_no_more()
    {
        Assert.Empty(ClusterMeasurements.Members);
        Assert.Empty(ClusterMeasurements.Unreachable);
        ClusterMeasurements.CellBegun();
        Assert.Empty(ClusterMeasurements.Cells);

        ClusterMeasurements.Show([new("up", "cell", 2), new("joining", "cell+client", 1)], unreachable: 1);
        Assert.Equal(["joining cell+client 1", "up cell 2"], Members());
        Assert.Equal(1, Assert.Single(ClusterMeasurements.Unreachable).Value);
        Assert.Equal(1, Assert.Single(ClusterMeasurements.Cells).Value);

        ClusterMeasurements.Show([new("up", "cell", 2), new("up", "cell+client", 1)], unreachable: 0);
        ClusterMeasurements.CellEnded();
        Assert.Equal(["joining cell+client 0", "up cell 2", "up cell+client 1"], Members());
        Assert.Equal(0, Assert.Single(ClusterMeasurements.Unreachable).Value);
        Assert.Equal(0, Assert.Single(ClusterMeasurements.Cells).Value);

        ClusterMeasurements.Clear();
        Assert.Empty(ClusterMeasurements.Members);
        Assert.Empty(ClusterMeasurements.Unreachable);
        Assert.Empty(ClusterMeasurements.Cells);
    }

    private static IEnumerable<string> Members() => ClusterMeasurements.Members.Select(m => $"{string.Join(' ', m.Tags.ToArray().Select(t => t.Value))} {m.Value}");
}
