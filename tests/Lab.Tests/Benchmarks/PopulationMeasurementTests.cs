using System.Text.Json;
using Akka.Configuration;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Lab.Benchmarks;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Lab.Tests.Benchmarks;

/// <summary>What stands around a measured population changes nothing in it. No assertion on speed: that is the machine's.</summary>
public sealed class PopulationMeasurementTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly CellOptions Small = new()
    {
        Clients = 6,
        Episodes = 6,
        Learning = new LearningOptions { Batch = 16, Replay = 20 },
        Evaluation = new EvaluationOptions { Episodes = 0 },
    };

    [Theory]
    [InlineData(UpdateMode.Simultaneous)]
    [InlineData(UpdateMode.Sequential)]
    public async Task A_meter_counts_what_the_cells_ask_whichever_run_together(UpdateMode mode)
    {
        var cell = Small with { Learning = Small.Learning with { Update = mode } };
        CellOptions[] cells = [cell, cell with { Seed = 1 }];
        var apart = (await MeterAsync(cells[0])).Zip(await MeterAsync(cells[1]), (a, b) => a + b);
        var together = await MeterAsync(cells);
        Assert.Equal(apart, together);

        // Acting and storing alone in the first episode, learning from the second on.
        var policies = FlopCount.Infer(CellMembers.PolicyOf(cell), 10 * 6);
        Assert.InRange(together[0], 2 * policies, together[1] - 1);
    }

    [Fact]
    public async Task A_meter_notes_when_learning_begins_within_each_episode()
    {
        DeviceMeter meter = null!;
        var stamps = await MeasuredPopulation.RunAsync([Small], 6, device => meter = new DeviceMeter(device, Small, 6), Config.Empty, Token);
        Assert.Equal(6, stamps.Length);
        Assert.All(Enumerable.Range(2, 5), e => Assert.InRange(meter.LearningBegan(e), stamps[e - 2], stamps[e - 1]));
    }

    [Fact]
    public async Task A_gate_stops_a_cell_between_two_episodes_until_it_is_opened()
    {
        DeviceGate gate = null!;
        await using var population = MeasuredPopulation.Start([Small], 6, device => gate = new DeviceGate(device), Config.Empty);
        gate.OpenUpTo(2);
        await population.CompleteAsync(population.Clock.Await(2), Token).WaitAsync(Patience, Token);
        Assert.False(population.Clock.Await(3).IsCompleted);
        Assert.Equal(2, population.Clock.Read().Finished);

        gate.OpenUpTo(6);
        await population.CompleteAsync(Token).WaitAsync(Patience, Token);
        Assert.Equal(6, population.Clock.Read().Finished);
    }

    [Fact]
    public void The_population_s_episode_is_done_when_as_many_are_as_its_cells_make_of_it()
    {
        var clock = new EpisodeClock(2, 2);
        void Finish(int cell, int episode) => clock.OnEpisode(new PopulationProtocol.EpisodeFinished(cell, 0, episode, 0, 1, default, null));
        Finish(0, 1);
        Assert.Empty(clock.Read().Stamps);
        Finish(0, 2);
        Assert.Single(clock.Read().Stamps);
        Finish(1, 1);
        Assert.False(clock.Completion.IsCompleted);
        Finish(1, 2);
        Assert.True(clock.Completion.IsCompletedSuccessfully);
        Assert.Equal(2, clock.Read().Stamps.Length);
        Assert.Equal(4, clock.Read().Finished);
    }

    [Fact]
    public void The_count_begins_when_every_cell_has_warmed_up()
    {
        var clock = new EpisodeClock(2, 1, warmUp: 1);
        void Finish(int cell) => clock.OnEpisode(new PopulationProtocol.EpisodeFinished(cell, 0, 1, 0, 1, default, null));
        Finish(0);
        Finish(0);
        Finish(0);
        Assert.False(clock.Read().Warm);
        Assert.Equal(3, clock.Read().Finished);
        Finish(1);
        Assert.True(clock.Read().Warm);
        Assert.NotEqual(0, clock.Read().Began);
        Assert.Equal(0, clock.Read().Finished);
        Finish(0);
        Assert.False(clock.Completion.IsCompleted);
        Finish(0);
        Assert.True(clock.Completion.IsCompletedSuccessfully);
        Assert.Single(clock.Read().Stamps);
    }

    [Fact]
    public async Task A_cell_that_diverges_cannot_be_measured()
    {
        var diverging = Small with { Learning = Small.Learning with { CriticRate = 1e30 } };
        var error = await Assert.ThrowsAsync<MeasurementException>(() => MeasuredPopulation.RunAsync([diverging], 6, device => device, Config.Empty, Token).WaitAsync(Patience, Token));
        Assert.Contains("non-finite", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_trial_tells_each_measured_episode(bool acting)
    {
        var answer = await TrialAsync(new TrialRequest(3, 5, 64, acting, WarmUp: 1, Episodes: 3, LimitSeconds: 60));
        Assert.Equal(3, answer.Seconds.Length);
        Assert.True(answer.WarmedUp);
        Assert.InRange(answer.Steps, 3 * 3 * 5 * 10, int.MaxValue);
        Assert.InRange(answer.ResidentPeak, answer.ResidentBefore, long.MaxValue);
    }

    [Fact]
    public async Task A_trial_whose_time_is_over_tells_what_it_has()
    {
        var answer = await TrialAsync(new TrialRequest(1, 5, 64, Acting: false, WarmUp: 1, Episodes: 1_000_000, LimitSeconds: 3));
        Assert.InRange(answer.Seconds.Length, 1, 999_999);
        Assert.InRange(answer.Steps, 1, long.MaxValue);
    }

    [Fact]
    public async Task A_process_that_fails_says_its_status_and_one_that_chatters_is_none()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs are those of Unix.");
        var request = new TrialRequest(1, 5, 64, false, 1, 1, 10);
        var failed = await Assert.ThrowsAsync<MeasurementException>(() => new TrialProcess("/bin/sh", ["-c", "exit 137"]).RunAsync(request, Token));
        Assert.Contains("status 137, killed", failed.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<MeasurementException>(() => new TrialProcess("echo", ["no figures"]).RunAsync(request, Token));

        var expected = new TrialAnswer([0.5, 0.25], 1000, 0.75, true, 1, 2, 3);
        var answer = await new TrialProcess("/bin/sh", ["-c", $"echo a line before; echo '{TrialProcess.WriteAnswer(expected)}'"]).RunAsync(request, Token);
        Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(answer));
    }

    private static async Task<TrialAnswer> TrialAsync(TrialRequest request)
    {
        TrialAnswer? answer = null;
        await PopulationTrial.RunAsync(request, Config.Empty, a => answer = a, Token);
        return answer!;
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<long[]> MeterAsync(params CellOptions[] cells)
    {
        DeviceMeter meter = null!;
        await MeasuredPopulation.RunAsync(cells, 6, device => meter = meter?.Beside(device) ?? new DeviceMeter(device, cells[0], 6), Config.Empty, Token).WaitAsync(Patience, Token);
        return [.. Enumerable.Range(1, 6).Select(meter.FlopsOf)];
    }
}
