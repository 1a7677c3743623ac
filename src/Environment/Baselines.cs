namespace Simulator.Environment;

/// <summary>What a policy without learning earns on a cell.</summary>
/// <param name="Name">Name in snake_case, as results and reports write it.</param>
/// <param name="Reward">Mean reward of an evaluation episode.</param>
/// <param name="ServerViolation">Share of clients whose task the server has no place for, mean over the steps: those beyond the limit or the storage, taken in the order of their indices.</param>
/// <param name="DeadlineViolation">Share of clients late, mean over the steps.</param>
/// <param name="EnergyViolation">Share of clients with a battery below the reserve, mean over the steps.</param>
public readonly record struct BaselineResult(string Name, double Reward, double ServerViolation, double DeadlineViolation, double EnergyViolation);

/// <summary>
/// Policies that any learner should beat: constants, and the greedy rule by transmission time (ccm-madrl, section 1). Every report puts the
/// trained policies beside them, since saturated actors end far below the best constant.
/// </summary>
public static class Baselines
{
    /// <summary>Smallest share of processor and power that a client can use, and the best constant for both.</summary>
    private const double Least = OffloadingAction.MinShare;

    private static readonly (string Name, Policy Choose)[] Policies =
    [
        ("all_local_1_percent_cpu", AllLocal(0.01)),
        ("all_local_5_percent_cpu", AllLocal(0.05)),
        ("all_local_10_percent_cpu", AllLocal(0.1)),
        ("all_local_30_percent_cpu", AllLocal(0.3)),
        ("all_local_full_cpu", AllLocal(1)),
        ("all_offload_full_power", Constant(new(Placement.Offload, Least, 1))),
        ("greedy_shortest_transmission", ShortestTransmission),
    ];

    private delegate void Policy(CellEnvironment cell, Span<OffloadingAction> actions);

    /// <summary>Whether a baseline of that name is a constant policy; the greedy rule is none.</summary>
    public static bool IsConstant(string name) => name.StartsWith("all_", StringComparison.Ordinal);

    /// <summary>Runs each policy on the evaluation episodes 0 to <paramref name="episodes"/> - 1 of a cell.</summary>
    /// <param name="options">Constants of the cell.</param>
    /// <param name="clients">Number N of clients.</param>
    /// <param name="seed">Seed of the cell: its clients and its evaluation tasks follow from it.</param>
    /// <param name="episodes">Number of episodes, at least 1.</param>
    /// <returns>The policies' results, always in the same order.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="clients"/> or <paramref name="episodes"/> is not positive.</exception>
    public static IReadOnlyList<BaselineResult> Evaluate(EnvironmentOptions options, int clients, ulong seed, int episodes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(episodes);
        var cell = new CellEnvironment(options, clients, seed);
        var actions = new OffloadingAction[clients];
        var results = new BaselineResult[Policies.Length];
        for (var i = 0; i < results.Length; i++)
        {
            var (name, choose) = Policies[i];
            var sums = new BaselineResult(name, 0, 0, 0, 0);
            for (var episode = 0; episode < episodes; episode++)
                sums = RunEpisode(cell, episode, choose, actions, sums);
            var steps = (double)episodes * options.Steps;
            results[i] = new BaselineResult(name, sums.Reward / episodes, sums.ServerViolation / steps, sums.DeadlineViolation / steps, sums.EnergyViolation / steps);
        }

        return results;
    }

    private static BaselineResult RunEpisode(CellEnvironment cell, int episode, Policy choose, OffloadingAction[] actions, BaselineResult before)
    {
        cell.ResetForEvaluation(episode);
        var (reward, server, deadline, energy) = (0.0, 0.0, 0.0, 0.0);
        StepResult step;
        do
        {
            choose(cell, actions);
            server += RefusedShare(cell, actions);
            step = cell.Step(actions);
            reward += step.Reward;
            deadline += step.DeadlineViolationRatio;
            energy += step.EnergyViolationRatio;
        }
        while (!step.Done);
        return new BaselineResult(before.Name, before.Reward + reward, before.ServerViolation + server, before.DeadlineViolation + deadline, before.EnergyViolation + energy);
    }

    /// <summary>Share of clients whose task a master would refuse that has no values to order them by: the lowest indices first, the rest by the rule of its choice (ccm-madrl, section 3).</summary>
    private static double RefusedShare(CellEnvironment cell, ReadOnlySpan<OffloadingAction> actions)
    {
        var (offloading, size) = (0, 0.0);
        for (var client = 0; client < actions.Length; client++)
        {
            if (actions[client].Placement == Placement.Local)
                continue;
            offloading++;
            size += cell.Sizes[client];
        }

        if (offloading <= cell.Options.SelectionLimit && size <= cell.Options.StorageMb)
            return 0;

        var (taken, stored) = (0, 0.0);
        for (var client = 0; client < actions.Length; client++)
        {
            if (actions[client].Placement == Placement.Local || taken == cell.Options.SelectionLimit || stored + cell.Sizes[client] >= cell.Options.StorageMb)
                continue;
            taken++;
            stored += cell.Sizes[client];
        }

        return (double)(offloading - taken) / actions.Length;
    }

    private static Policy AllLocal(double cpuShare) => Constant(new(Placement.Local, cpuShare, Least));

    private static Policy Constant(OffloadingAction action) => (_, actions) => actions.Fill(action);

    /// <summary>
    /// Everybody at the least processor and power shares; the K clients of shortest transmission offload, in that order, up to the first
    /// whose task would fill the server's storage.
    /// </summary>
    private static void ShortestTransmission(CellEnvironment cell, Span<OffloadingAction> actions)
    {
        var times = new double[cell.Clients];
        var order = new int[cell.Clients];
        for (var client = 0; client < order.Length; client++)
        {
            times[client] = cell.TransmissionTime(client, Least);
            order[client] = client;
        }

        ArrivalOrder.Sort(times, order);
        actions.Fill(new(Placement.Local, Least, Least));
        var stored = 0.0;
        foreach (var client in order.AsSpan(0, Math.Min(order.Length, cell.Options.SelectionLimit)))
        {
            stored += cell.Sizes[client];
            if (stored >= cell.Options.StorageMb)
                break;
            actions[client] = new(Placement.Offload, Least, Least);
        }
    }
}
