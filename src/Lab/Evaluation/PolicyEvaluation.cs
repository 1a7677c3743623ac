using System.Text.Json;
using Akka.Actor;
using Akka.Configuration;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Lab;

/// <summary>What the saved policies of a cell came to without exploration.</summary>
/// <param name="Name">The cell.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Episodes">Evaluation episodes.</param>
/// <param name="Reward">Mean reward of an episode; null where it became non-finite or the cell failed.</param>
/// <param name="Violations">Shares of clients that violated a constraint.</param>
/// <param name="Baselines">What constant and greedy policies came to on the same episodes.</param>
/// <param name="Detail">What went wrong; null where nothing did.</param>
/// <param name="Status">How it ended; null before that.</param>
public sealed record EvaluatedCell(
    string Name, ulong Seed, int Episodes, double? Reward, Violations? Violations, IReadOnlyList<BaselineReward> Baselines, string? Detail, CellStatus? Status);

/// <summary>Evaluates saved policies: each cell acts on its evaluation episodes, and ends.</summary>
public static class PolicyEvaluation
{
    /// <summary>Name of the file with the results.</summary>
    public const string FileName = "evaluation.json";

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>Evaluates all cells.</summary>
    /// <param name="policies">The policies.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="configuration">Configuration of the actor system that goes before the simulator's own.</param>
    /// <param name="interruption">Ends it without a result.</param>
    /// <exception cref="OperationCanceledException">It was interrupted.</exception>
    /// <exception cref="RunLostException">The device ended unexpectedly.</exception>
    public static async Task<IReadOnlyList<EvaluatedCell>> RunAsync(SavedPolicies policies, ComputeDevice device, Config configuration, CancellationToken interruption)
    {
        if (policies.Cells.Count == 0)
        {
            return [];
        }

        var cells = policies.Cells.Select(c => c.Options).ToList();
        var system = ActorSystem.Create("simulator", configuration.WithFallback(SimulatorSystem.Configuration));
        try
        {
            var devices = device.Split(policies.Threads > 0 ? policies.Threads : System.Environment.ProcessorCount, cells.Count)
                .Select((part, i) => system.ActorOf(BatchingActor.Props(part, BatchingOptions.Default), $"device-{i}")).ToArray();
            var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var observer = new Observer(policies.Cells);
            var hosts = LocalPopulation.Start(system, devices, cells, observer, completion);
            var lost = Task.WhenAny(devices.Concat(hosts).Select(a => a.WatchAsync(CancellationToken.None)));
            await Task.WhenAny(completion.Task, lost).WaitAsync(interruption).ConfigureAwait(false);
            if (!completion.Task.IsCompleted)
            {
                throw new RunLostException("the device or the population ended unexpectedly; the errors above say why");
            }

            await completion.Task.ConfigureAwait(false);
            return observer.Results;
        }
        finally
        {
            await Task.WhenAny(system.Terminate(), Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, CancellationToken.None)).ConfigureAwait(false);
        }
    }

    /// <summary>Writes the results into the folder that was evaluated; behind them the cells that were left out, with the reason.</summary>
    /// <param name="policies">What was evaluated.</param>
    /// <param name="results">What came of it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">As well.</exception>
    public static void Write(SavedPolicies policies, IReadOnlyList<EvaluatedCell> results) => RunFolder.WriteFile(Path.Combine(policies.Folder, FileName), stream =>
    {
        using var json = new Utf8JsonWriter(stream, Indented);
        json.WriteStartArray();
        foreach (var (cell, leftOut) in results.Select(c => (c, (string?)null)).Concat(policies.LeftOut.Select(c => (new EvaluatedCell(c.Name, c.Seed, 0, null, null, [], null, null), (string?)c.Why))))
        {
            json.WriteStartObject();
            json.WriteString("name", cell.Name);
            json.WriteNumber("seed", cell.Seed);
            json.WriteNumber("episodes", cell.Episodes);
            ResultFiles.Number(json, "reward", cell.Reward);
            ResultFiles.Number(json, "server_violation", cell.Violations?.Server);
            ResultFiles.Number(json, "deadline_violation", cell.Violations?.Deadline);
            ResultFiles.Number(json, "energy_violation", cell.Violations?.Energy);
            json.WriteString("detail", cell.Detail);
            json.WriteString("left_out", leftOut);
            json.WriteStartObject("baselines");
            foreach (var baseline in cell.Baselines)
            {
                ResultFiles.Number(json, baseline.Name, baseline.Reward);
            }

            json.WriteEndObject();
            json.WriteStartObject("baseline_violations");
            foreach (var baseline in cell.Baselines)
            {
                json.WriteStartObject(baseline.Name);
                ResultFiles.Number(json, "server", baseline.Violations.Server);
                ResultFiles.Number(json, "deadline", baseline.Violations.Deadline);
                ResultFiles.Number(json, "energy", baseline.Violations.Energy);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    /// <summary>Collects what the cells tell.</summary>
    private sealed class Observer(IReadOnlyList<SavedCell> cells) : IPopulationObserver
    {
        internal EvaluatedCell[] Results { get; } =
            [.. cells.Select(c => new EvaluatedCell(c.Name, c.Options.Seed, c.Options.EvaluationEpisodes, null, null, [], null, null))];

        public void OnStarted(PopulationProtocol.CellStarted message) => Results[message.Cell] = Results[message.Cell] with { Baselines = message.Baselines };

        public void OnEvaluated(PopulationProtocol.Evaluated message) =>
            Results[message.Cell] = Results[message.Cell] with { Reward = message.Reward, Violations = message.Violations };

        public void OnEnded(PopulationProtocol.CellEnded message) => Results[message.Cell] = Results[message.Cell] with { Detail = message.Detail, Status = message.Status };

        public void OnEpisode(PopulationProtocol.EpisodeFinished message) => throw new InvalidOperationException("a cell that is to be evaluated has no episodes of its own");

        public void OnAgents(PopulationProtocol.AgentsLearned message) => throw new InvalidOperationException("a cell that acts does not learn");

        public void OnIntervened(PopulationProtocol.Intervened message) => throw new InvalidOperationException("nobody can do anything to a cell that is evaluated");

        public void OnParameters(PopulationProtocol.CellParameters message) => throw new InvalidOperationException("a cell that acts hands over nothing");

        public void OnRecovering(int cell, int epoch, string reason, bool handedOver)
        {
            // It begins anew, and tells the same.
        }
    }
}
