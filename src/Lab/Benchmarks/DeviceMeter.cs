using System.Diagnostics;
using Akka.Actor;
using Simulator.Cells;
using Simulator.Compute;
using Simulator.Protocol;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Counts the matrix products that cells of equal shape ask for in each training episode, and notes when each episode's acting is over: with the first request of its learning. Costs some
/// tens of ns a request, and a pass over the minibatch's actions for each gradient of the actors.
/// </summary>
#pragma warning disable MA0097 // Nobody orders references.
internal sealed class DeviceMeter : DeviceFront
#pragma warning restore MA0097
{
    private readonly NetworkArchitecture _policy;
    private readonly NetworkArchitecture _critic;
    private readonly int _clients;
    private readonly long[] _flops;
    private readonly long[] _learningBegan;

    /// <summary>Makes a meter.</summary>
    /// <param name="device">The device.</param>
    /// <param name="cell">Options of the cells: networks and number of clients are those of all.</param>
    /// <param name="episodes">Episodes to keep count of.</param>
    internal DeviceMeter(IActorRef device, CellOptions cell, int episodes)
        : base(device)
    {
        _policy = CellMembers.PolicyOf(cell);
        _critic = CellMembers.CriticOf(cell);
        _clients = cell.Clients;
        _flops = new long[episodes + 1];
        _learningBegan = new long[episodes + 1];
    }

    private DeviceMeter(IActorRef device, DeviceMeter first)
        : base(device) =>
        (_policy, _critic, _clients, _flops, _learningBegan) = (first._policy, first._critic, first._clients, first._flops, first._learningBegan);

    /// <summary>A meter before another device of the same cells, which counts into this one.</summary>
    internal DeviceMeter Beside(IActorRef device) => new(device, this);

    /// <summary>Floating-point operations of an episode's matrix products, of all cells together.</summary>
    internal long FlopsOf(int episode) => Volatile.Read(ref _flops[episode]);

    /// <summary>Timestamp of the first request of an episode's learning; 0 where there was none.</summary>
    internal long LearningBegan(int episode) => Volatile.Read(ref _learningBegan[episode]);

    /// <inheritdoc/>
    protected override void TellInternal(object message, IActorRef sender)
    {
        if (TurnOf(message) is { } turn && turn.Phase != Phase.Evaluation && turn.Episode < _flops.Length)
        {
            if (turn.Phase == Phase.Learning && LearningBegan(turn.Episode) == 0)
            {
                Interlocked.CompareExchange(ref _learningBegan[turn.Episode], Stopwatch.GetTimestamp(), 0);
            }

            Interlocked.Add(ref _flops[turn.Episode], FlopCount.Of(message, _policy, _critic, _clients));
        }

        Pass(message, sender);
    }
}
