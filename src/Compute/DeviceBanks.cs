using Simulator.Protocol;
using static Simulator.Compute.DeviceProtocol;

namespace Simulator.Compute;

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
    private int _next;

    internal ComputeDevice Device => device;

    /// <summary>Number of cells that hold a critic here.</summary>
    internal int Cells { get; private set; }

    internal PoliciesReserved Reserve(ReservePolicies request)
    {
        if (!_policies.TryGetValue(request.Architecture, out var bank))
        {
            _policies.Add(request.Architecture, bank = PolicyBank.Create(device, request.Architecture));
        }

        var first = Take(bank, request.Count, request.Rate, request.MaxGradientNorm);
        return new PoliciesReserved(Hold(new Holding(bank, first, request.Count)), first);
    }

    internal CriticReserved Reserve(ReserveCritic request)
    {
        var key = (request.Architecture, request.Clients);
        if (!_critics.TryGetValue(key, out var bank))
        {
            _critics.Add(key, bank = CriticBank.Create(device, request.Architecture, request.Clients, request.Observation, ClientAction.Width));
        }

        Cells++;
        return new CriticReserved(Hold(new Holding(bank, Take(bank, 1, request.Rate, request.MaxGradientNorm), 1)));
    }

    internal bool Holds(int reservation) => _holdings.ContainsKey(reservation);

    internal PolicyBank Policies(int reservation) => (PolicyBank)_holdings[reservation].Bank;

    internal CriticBank Critic(int reservation, out int slot)
    {
        var holding = _holdings[reservation];
        slot = holding.First;
        return (CriticBank)holding.Bank;
    }

    internal void Release(int reservation)
    {
        if (!_holdings.Remove(reservation, out var holding))
        {
            return;
        }

        Cells -= holding.Bank is CriticBank ? 1 : 0;
        if (!_free.TryGetValue((holding.Bank, holding.Count), out var stack))
        {
            _free.Add((holding.Bank, holding.Count), stack = new Stack<int>());
        }

        stack.Push(holding.First);
    }

    /// <summary>Parameters of a slot, then mean and variance of the input where the architecture normalises it.</summary>
    internal static HostPayload State(Bank bank, int slot)
    {
        var parameters = new float[bank.Layout.Length];
        bank.Read(slot, 0, parameters);
        if (!bank.Architecture.InputNorm)
        {
            return new HostPayload(parameters);
        }

        var (mean, variance) = bank.ReadStatistics(slot);
        return new HostPayload((float[])[.. parameters, .. mean, .. variance]);
    }

    public void Dispose()
    {
        foreach (var bank in _policies.Values.Cast<Bank>().Concat(_critics.Values))
        {
            bank.Dispose();
        }
    }

    private int Hold(Holding holding)
    {
        _holdings.Add(_next, holding);
        return _next++;
    }

    private int Take(Bank bank, int count, double rate, double maxGradientNorm)
    {
        if (_free.TryGetValue((bank, count), out var stack) && stack.TryPop(out var first))
        {
            bank.Reuse(first, count, rate, maxGradientNorm);
            return first;
        }

        return bank.Allocate(count, rate, maxGradientNorm);
    }

    private sealed record Holding(Bank Bank, int First, int Count);
}
