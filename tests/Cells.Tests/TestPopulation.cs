using Akka.Actor;
using Akka.Configuration;
using Simulator.Agents;
using Simulator.Compute;
using Simulator.Environment;
using Simulator.Master;
using Simulator.Protocol;

namespace Simulator.Cells.Tests;

/// <summary>Everything one cell told its population, for comparison bit by bit.</summary>
internal sealed class CellLog
{
    internal BaselineReward[] Baselines { get; set; } = [];

    internal List<PopulationProtocol.EpisodeFinished> Episodes { get; } = [];

    internal List<PopulationProtocol.Evaluated> Evaluations { get; } = [];

    internal List<(int Episode, int Agent, OutputDiagnostics Outputs)> Agents { get; } = [];

    internal List<PopulationProtocol.Intervened> Interventions { get; } = [];

    internal SortedDictionary<int, float[]> Parameters { get; } = [];

    internal PopulationProtocol.CellEnded? End { get; set; }

    internal int Recoveries { get; set; }

    /// <summary>All numbers as text that keeps every bit, without the cell's index and epoch, which are not results.</summary>
    internal string Fingerprint()
    {
        var text = new System.Text.StringBuilder();
        foreach (var e in Episodes)
        {
            text.AppendLine($"{e.Episode} {e.Reward:R} {e.Epsilon:R} {e.Violations} {Text(e.Update)}");
        }

        foreach (var e in Evaluations)
        {
            text.AppendLine($"evaluated {e.Episode} {e.Reward:R} {e.Violations}");
        }

        foreach (var (owner, values) in Parameters)
        {
            text.AppendLine($"{owner} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan())))}");
        }

        return text.AppendLine($"{End?.Status} {End?.Episodes} {End?.StoppingEpisode} {End?.Detail}").ToString();
    }

    internal static string Text(UpdateReport? update) => update is null ? "-" : string.Join(
        ' ',
        update.Critic.Loss,
        update.Critic.GradientNorm,
        string.Join(',', update.Critic.LayerNorms),
        update.Actors?.Loss,
        update.Actors?.GradientNorm,
        string.Join(',', update.Actors?.LayerNorms ?? []),
        update.Actors?.Clipped,
        update.Activations,
        update.MeanError,
        update.Outputs,
        update.ActorRateFactor,
        string.Join(',', update.Agents));
}

/// <summary>Runs populations of small cells to their end through real actors.</summary>
internal static class TestPopulation
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A cell small enough for a test, with contention in it: 6 clients, of whom 3 may offload.</summary>
    internal static CellOptions Small(ulong seed = 7, int episodes = 6) => new()
    {
        Seed = seed,
        Episodes = episodes,
        Clients = 6,
        Environment = new EnvironmentOptions { Steps = 4, Channels = 3 },
        Exploration = new ExplorationOptions { Initial = 0.3 },
        Learning = new LearningOptions { Batch = 16, Replay = 20, ActorRate = 0.01, CriticRate = 0.01 },
        Evaluation = new EvaluationOptions { Every = 2, Episodes = 2 },
    };

    /// <summary>Runs cells to their end.</summary>
    /// <param name="cells">The cells.</param>
    /// <param name="hocon">Configuration that goes before the simulator's own.</param>
    /// <param name="batching">How requests gather.</param>
    /// <param name="between">Makes the actor that stands between the cells and the device; null for none.</param>
    /// <param name="afterEpisode">Called on each finished episode, with the population.</param>
    /// <param name="threads">Device threads.</param>
    /// <param name="afterStart">Called on each cell that has begun.</param>
    /// <param name="checkpoints">Keeps checkpoints, and the logs of an earlier run with them; null for none.</param>
    /// <param name="around">Makes the catalog that stands before that of the cells; null for none.</param>
    internal static async Task<CellLog[]> RunAsync(
        IReadOnlyList<CellOptions> cells,
        string hocon = "",
        BatchingOptions? batching = null,
        Func<IActorRef, Props>? between = null,
        Action<IActorRef, PopulationProtocol.EpisodeFinished>? afterEpisode = null,
        int threads = 1,
        Action? afterStart = null,
        MemoryStore? checkpoints = null,
        Func<ICellCatalog, ICellCatalog>? around = null)
    {
        var system = ActorSystem.Create("test", ConfigurationFactory.ParseString("akka.loglevel = OFF\n" + hocon).WithFallback(SimulatorSystem.Configuration));
        try
        {
            var devices = Enumerable.Range(0, threads).Select(i => system.ActorOf(BatchingActor.Props(ComputeDevice.Cpu, batching ?? BatchingOptions.Default), $"device-{i}")).ToArray();
            var fronts = between is null ? devices : Array.ConvertAll(devices, d => system.ActorOf(between(d)));
            var completion = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var collector = new Collector(cells.Count, checkpoints) { AfterStart = afterStart };
            var catalog = checkpoints?.Of(cells) ?? new UnkeptCells(cells);
            var population = LocalPopulation.Start(system, fronts, around?.Invoke(catalog) ?? catalog, cells.Count, 0, collector, completion)[0];
            collector.AfterEpisode = m => afterEpisode?.Invoke(population, m);
            await completion.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
            return collector.Logs;
        }
        finally
        {
            await system.Terminate();
        }
    }

    internal static async Task<CellLog> RunAsync(CellOptions cell, string hocon = "") => (await RunAsync([cell], hocon))[0];

    internal sealed class Collector(int cells, MemoryStore? checkpoints) : IPopulationObserver
    {
        internal CellLog[] Logs { get; } = checkpoints?.Logs ?? [.. Enumerable.Range(0, cells).Select(_ => new CellLog())];

        internal Action<PopulationProtocol.EpisodeFinished>? AfterEpisode { get; set; }

        internal Action? AfterStart { get; init; }

        public bool HasEnded(int cell) => checkpoints?.HasEnded(cell) == true;

        public IReadOnlyList<Intervention> InterventionsAfter(int cell, int episode) => checkpoints?.InterventionsAfter(cell, episode) ?? [];

        public void OnOpened(PopulationProtocol.CellOpened message, byte[] history)
        {
            if (history.Length == 0)
            {
                Logs[message.Cell] = new CellLog { Recoveries = Logs[message.Cell].Recoveries };
            }
            else
            {
                checkpoints!.GoOn(message.Cell, message.Episode, history[0] == 1);
            }
        }

        public void OnStarted(PopulationProtocol.CellStarted message)
        {
            Logs[message.Cell].Baselines = message.Baselines;
            AfterStart?.Invoke();
        }

        public void OnEpisode(PopulationProtocol.EpisodeFinished message)
        {
            Logs[message.Cell].Episodes.Add(message);
            AfterEpisode?.Invoke(message);
        }

        public void OnAgents(PopulationProtocol.AgentsLearned message) => Logs[message.Cell].Agents.AddRange(message.Outputs.Select((o, i) => (message.Episode, message.First + i, o)));

        public void OnEvaluated(PopulationProtocol.Evaluated message) => Logs[message.Cell].Evaluations.Add(message);

        public void OnIntervened(PopulationProtocol.Intervened message) => Logs[message.Cell].Interventions.Add(message);

        public void OnParameters(PopulationProtocol.CellParameters message)
        {
            var part = message.Part;
            if (!Logs[message.Cell].Parameters.TryGetValue(part.Owner, out var values))
            {
                Logs[message.Cell].Parameters.Add(part.Owner, values = new float[part.Total]);
            }

            part.Values.CopyTo(values.AsSpan(part.Offset));
        }

        public void OnEnded(PopulationProtocol.CellEnded message) => Logs[message.Cell].End = message;

        public void OnRecovering(int cell, int epoch, string reason, bool handedOver) => Logs[cell].Recoveries++;
    }
}
