using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute;

/// <summary>Slots of a bank that somebody has reserved, and the rounds of requests that gather for them.</summary>
/// <param name="bank">The bank.</param>
/// <param name="order">Number of the bank on its device.</param>
/// <param name="first">First slot.</param>
/// <param name="count">Slots.</param>
/// <param name="jointWidth">Width of a critic's joint input; 0 for policies.</param>
/// <param name="tau">Share by which targets follow; with 1 there are none. Else as many slots again lie behind, each the target of one.</param>
internal sealed class Holding(Bank bank, int order, int first, int count, int jointWidth, double tau)
{
    internal Bank Bank => bank;

    internal int Order => order;

    internal int First => first;

    internal int Count => count;

    internal int JointWidth => jointWidth;

    internal double Tau => tau;

    internal bool HasTargets => tau < 1;

    /// <summary>Slots with those of the targets.</summary>
    internal int AllSlots => HasTargets ? 2 * count : count;

    /// <summary>The target of a slot.</summary>
    internal int TargetOf(int slot) => slot + count;

    /// <summary>Rounds that have begun and are not complete: one, or a few.</summary>
    internal List<Round> Open { get; } = new(1);

    /// <summary>Complete rounds and requests that wait for the next flush.</summary>
    internal int Waiting { get; set; }

    internal Round? Find(in Turn turn, bool improve)
    {
        foreach (var round in Open)
        {
            if (round.Turn == turn && round.Improve == improve)
            {
                return round;
            }
        }

        return null;
    }
}

/// <summary>
/// The banks of one device and who holds which of their slots: one bank for each architecture, so that cells of equal shape share operations. Slots that were given back
/// are handed out again to reservations of the same size.
/// </summary>
internal sealed class DeviceBanks(ComputeDevice device) : IDisposable
{
    private readonly Dictionary<NetworkArchitecture, PolicyBank> _policies = [];
    private readonly Dictionary<(NetworkArchitecture Architecture, int Clients), CriticBank> _critics = [];
    private readonly Dictionary<int, Holding> _holdings = [];
    private readonly Dictionary<(Bank Bank, int Count), Stack<int>> _free = [];
    private readonly Dictionary<Bank, int> _order = [];
    private int _next;

    internal ComputeDevice Device => device;

    /// <summary>Number of cells that hold policies here; critics can be shared.</summary>
    internal int Cells { get; private set; }

    internal IReadOnlyCollection<Holding> Holdings => _holdings.Values;

    /// <summary>Bytes that all networks take, with what their optimiser keeps.</summary>
    internal long Bytes => _policies.Values.Sum(b => b.Bytes) + _critics.Values.Sum(b => b.Bytes);

    internal PoliciesReserved Reserve(ReservePolicies request)
    {
        if (!_policies.TryGetValue(request.Architecture, out var bank))
        {
            _policies.Add(request.Architecture, bank = PolicyBank.Create(device, request.Architecture));
            _order.Add(bank, _order.Count);
        }

        var holding = Hold(bank, request.Count, request.Rate, request.MaxGradientNorm, 0, request.Tau, request.Regularisation, request.Recycling);
        Cells++;
        return new PoliciesReserved(holding, _holdings[holding].First);
    }

    internal CriticReserved Reserve(ReserveCritic request)
    {
        var key = (request.Architecture, request.Clients);
        if (!_critics.TryGetValue(key, out var bank))
        {
            _critics.Add(key, bank = CriticBank.Create(device, request.Architecture, request.Clients, request.Observation, ClientAction.Width));
            _order.Add(bank, _order.Count);
        }

        var width = request.Clients * (request.Observation + ClientAction.Width);
        return new CriticReserved(Hold(bank, 1, request.Rate, request.MaxGradientNorm, width, request.Tau, request.Regularisation, request.Recycling));
    }

    /// <summary>A reservation; null where it was given back.</summary>
    internal Holding? Find(int reservation) => _holdings.GetValueOrDefault(reservation);

    internal PolicyBank Policies(int reservation) => (PolicyBank)_holdings[reservation].Bank;

    internal CriticBank Critic(int reservation, out int slot)
    {
        var holding = _holdings[reservation];
        slot = holding.First;
        return (CriticBank)holding.Bank;
    }

    /// <summary>Writes a network with which a slot starts, and its target, too.</summary>
    internal void Write(int reservation, int slot, ReadOnlySpan<float> state)
    {
        var holding = _holdings[reservation];
        holding.Bank.WriteState(slot, state);
        if (holding.HasTargets)
        {
            holding.Bank.WriteState(holding.TargetOf(slot), state);
        }
    }

    /// <summary>Takes the output layer of a network over into a slot and into its target.</summary>
    internal void RenewOutputLayer(int reservation, int slot, ReadOnlySpan<float> network)
    {
        var holding = _holdings[reservation];
        holding.Bank.RenewOutputLayer(slot, network);
        if (holding.HasTargets)
        {
            holding.Bank.RenewOutputLayer(holding.TargetOf(slot), network);
        }
    }

    /// <summary>Reads all that a slot learns with; behind it the state of its target, where there is one.</summary>
    internal TrainingState ReadTraining(int reservation, int slot)
    {
        var holding = _holdings[reservation];
        var state = holding.Bank.ReadTraining(slot);
        return holding.HasTargets ? state with { Values = [.. state.Values, .. holding.Bank.ReadState(holding.TargetOf(slot))] } : state;
    }

    /// <summary>Writes what <see cref="ReadTraining"/> gave.</summary>
    /// <exception cref="InvalidDataException">It is of another architecture, or was trained with other settings.</exception>
    internal void WriteTraining(int reservation, int slot, TrainingState state)
    {
        var holding = _holdings[reservation];
        if (!holding.HasTargets)
        {
            holding.Bank.WriteTraining(slot, state);
            return;
        }

        var own = Math.Max(0, state.Values.Length - holding.Bank.Architecture.StateLength);
        holding.Bank.WriteTraining(slot, state with { Values = state.Values[..own] });
        holding.Bank.WriteState(holding.TargetOf(slot), state.Values.AsSpan(own));
    }

    internal void Release(int reservation)
    {
        if (!_holdings.Remove(reservation, out var holding))
        {
            return;
        }

        Cells -= holding.Bank is PolicyBank ? 1 : 0;
        if (!_free.TryGetValue((holding.Bank, holding.AllSlots), out var stack))
        {
            _free.Add((holding.Bank, holding.AllSlots), stack = new Stack<int>());
        }

        stack.Push(holding.First);
    }

    public void Dispose()
    {
        foreach (var bank in _policies.Values.Cast<Bank>().Concat(_critics.Values))
        {
            bank.Dispose();
        }
    }

    private int Hold(Bank bank, int count, double rate, double maxGradientNorm, int jointWidth, double tau, Regularisation regularisation, Recycling? recycling)
    {
        var first = Take(bank, tau < 1 ? 2 * count : count, rate, maxGradientNorm, regularisation, recycling);
        _holdings.Add(_next, new Holding(bank, _order[bank], first, count, jointWidth, tau));
        return _next++;
    }

    private int Take(Bank bank, int count, double rate, double maxGradientNorm, Regularisation regularisation, Recycling? recycling)
    {
        if (_free.TryGetValue((bank, count), out var stack) && stack.TryPop(out var first))
        {
            bank.Reuse(first, count, rate, maxGradientNorm, regularisation, recycling);
            return first;
        }

        return bank.Allocate(count, rate, maxGradientNorm, regularisation, recycling);
    }
}
