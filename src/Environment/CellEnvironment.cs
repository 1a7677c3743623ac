namespace Simulator.Environment;

/// <summary>
/// The physics of one cell: N clients with batteries, radios and processors, and one edge server (ccm-madrl, section 1), in double
/// precision. Steps allocate nothing. Not safe for several threads at once.
/// </summary>
/// <remarks>
/// Each client's constants come from its own <see cref="DrawPurpose.CellConstants"/> stream and each task from the stream of its
/// client, episode and step, so a draw depends on no other client and on nothing that was drawn before.
/// </remarks>
public sealed class CellEnvironment
{
    private const double BitsPerMb = 8.0 * 1024 * 1024;
    private const double JoulesPerMj = 1e6;
    private const double MjPerJoule = 1e-6;
    private const double HzPerGhz = 1e9;
    private const double HzPerMhz = 1e6;
    private const double DbmPerDbw = 30;

    private readonly ulong _seed;
    private readonly EdgeServer _server;
    private readonly double _channelHz;
    private readonly double _serverHz;

    // One entry per client, named as in Observation.
    private readonly double[] _powers;
    private readonly double[] _gains;
    private readonly double[] _initialEnergies;
    private readonly double[] _energies;
    private readonly double[] _sizes;
    private readonly double[] _cycles;
    private readonly double[] _deadlines;
    private readonly double[] _cpus;

    // Scratch of a step, one entry per client.
    private readonly double[] _transmission;
    private readonly double[] _service;
    private readonly double[] _finish;
    private readonly double[] _arrivals;
    private readonly int[] _order;

    private DrawPurpose _tasks = DrawPurpose.Tasks;
    private int _episode;

    /// <summary>Draws a cell's constants and resets it to training episode 0.</summary>
    /// <param name="options">Constants of the cell.</param>
    /// <param name="clients">Number N of clients, at least 1.</param>
    /// <param name="seed">Seed of all draws of the cell.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="clients"/> is not positive.</exception>
    public CellEnvironment(EnvironmentOptions options, int clients, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(clients);
        Options = options;
        Clients = clients;
        _seed = seed;
        _server = new EdgeServer(options.Server, options.Queue, options.Units, options.HorizonS);
        _channelHz = options.BandwidthMhz * HzPerMhz / options.Channels;
        _serverHz = options.ServerGhz * HzPerGhz;

        _powers = new double[clients];
        _gains = new double[clients];
        _initialEnergies = new double[clients];
        _energies = new double[clients];
        _sizes = new double[clients];
        _cycles = new double[clients];
        _deadlines = new double[clients];
        _cpus = new double[clients];
        _transmission = new double[clients];
        _service = new double[clients];
        _finish = new double[clients];
        _arrivals = new double[clients];
        _order = new int[clients];

        for (var client = 0; client < clients; client++)
        {
            var random = new RandomStream(seed, DrawPurpose.CellConstants, client);
            _powers[client] = Draw(ref random, options.PowerDbm);
            _initialEnergies[client] = Draw(ref random, options.EnergyMj);
            _gains[client] = Draw(ref random, options.GainDb);
            _cpus[client] = Draw(ref random, options.CpuGhz);
        }

        Reset(0);
    }

    /// <summary>The cell's constants.</summary>
    public EnvironmentOptions Options { get; }

    /// <summary>Number N of clients.</summary>
    public int Clients { get; }

    /// <summary>Steps taken in this episode; the episode is over when it equals <see cref="EnvironmentOptions.Steps"/>.</summary>
    public int StepIndex { get; private set; }

    /// <summary>Transmission powers P in dBm, [N]; constant.</summary>
    public ReadOnlySpan<double> Powers => _powers;

    /// <summary>Channel gains G in dB, [N]; constant.</summary>
    public ReadOnlySpan<double> Gains => _gains;

    /// <summary>Batteries E in MJ, [N].</summary>
    public ReadOnlySpan<double> Energies => _energies;

    /// <summary>Sizes S of the current tasks in MB, [N].</summary>
    public ReadOnlySpan<double> Sizes => _sizes;

    /// <summary>Cycles C per bit of the current tasks, [N].</summary>
    public ReadOnlySpan<double> Cycles => _cycles;

    /// <summary>Deadlines D of the current tasks in s, [N].</summary>
    public ReadOnlySpan<double> Deadlines => _deadlines;

    /// <summary>Processor speeds F in GHz, [N]; constant.</summary>
    public ReadOnlySpan<double> Cpus => _cpus;

    /// <summary>Begins a training episode: batteries at their initial energy, the episode's first tasks.</summary>
    /// <param name="episode">Index of the episode, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="episode"/> is negative.</exception>
    public void Reset(int episode) => Reset(episode, DrawPurpose.Tasks);

    /// <summary>
    /// Begins an evaluation episode: the same clients, with tasks from streams of their own, so that evaluating disturbs no training.
    /// </summary>
    /// <param name="episode">Index of the evaluation episode, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="episode"/> is negative.</exception>
    public void ResetForEvaluation(int episode) => Reset(episode, DrawPurpose.EvaluationTasks);

    /// <summary>
    /// Puts the cell in a given state, the constants P, G, F included; used to replay recorded steps. The initial energies, which
    /// the next reset brings back, stay. Tasks after it are drawn as ever.
    /// </summary>
    /// <param name="state">Observations of all clients, [N, <see cref="Observation.Width"/>], raw.</param>
    /// <param name="step">Steps already taken, from 0 to <see cref="EnvironmentOptions.Steps"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="state"/> has another length.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is outside the episode.</exception>
    public void SetState(ReadOnlySpan<double> state, int step)
    {
        RequireLength(state.Length, Clients * Observation.Width, nameof(state));
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(step, Options.Steps);
        for (var client = 0; client < Clients; client++)
        {
            var row = state.Slice(client * Observation.Width, Observation.Width);
            _powers[client] = row[Observation.Power];
            _gains[client] = row[Observation.Gain];
            _energies[client] = row[Observation.Energy];
            _sizes[client] = row[Observation.Size];
            _cycles[client] = row[Observation.Cycles];
            _deadlines[client] = row[Observation.Deadline];
            _cpus[client] = row[Observation.Cpu];
        }

        StepIndex = step;
    }

    /// <summary>Copies the raw observations of all clients.</summary>
    /// <param name="destination">Receives them, [N, <see cref="Observation.Width"/>].</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void CopyObservations(Span<double> destination)
    {
        RequireLength(destination.Length, Clients * Observation.Width, nameof(destination));
        for (var client = 0; client < Clients; client++)
        {
            var row = destination.Slice(client * Observation.Width, Observation.Width);
            row[Observation.Power] = _powers[client];
            row[Observation.Gain] = _gains[client];
            row[Observation.Energy] = _energies[client];
            row[Observation.Size] = _sizes[client];
            row[Observation.Cycles] = _cycles[client];
            row[Observation.Deadline] = _deadlines[client];
            row[Observation.Cpu] = _cpus[client];
        }
    }

    /// <summary>Copies the raw observations of all clients in single precision, as networks take them.</summary>
    /// <param name="destination">Receives them, [N, <see cref="Observation.Width"/>].</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length.</exception>
    public void CopyObservations(Span<float> destination)
    {
        RequireLength(destination.Length, Clients * Observation.Width, nameof(destination));
        for (var client = 0; client < Clients; client++)
        {
            var row = destination.Slice(client * Observation.Width, Observation.Width);
            row[Observation.Power] = (float)_powers[client];
            row[Observation.Gain] = (float)_gains[client];
            row[Observation.Energy] = (float)_energies[client];
            row[Observation.Size] = (float)_sizes[client];
            row[Observation.Cycles] = (float)_cycles[client];
            row[Observation.Deadline] = (float)_deadlines[client];
            row[Observation.Cpu] = (float)_cpus[client];
        }
    }

    /// <summary>Time in s that a client needs to send its current task: bits over Shannon's rate of one channel.</summary>
    /// <param name="client">Index of the client.</param>
    /// <param name="powerShare">Share p of its transmission power.</param>
    public double TransmissionTime(int client, double powerShare)
    {
        var signalToNoise = Watts(client, powerShare) * Math.Pow(10, _gains[client] / 10);
        return Bits(client) / (_channelHz * Math.Log2(1 + signalToNoise));
    }

    /// <summary>Carries out the joint action, charges batteries and draws the next tasks.</summary>
    /// <param name="actions">Actions of all clients, [N]. A share that is NaN makes the reward NaN; it delays nobody else.</param>
    /// <returns>The reward all clients share and the shares of clients that violated a constraint.</returns>
    /// <exception cref="ArgumentException"><paramref name="actions"/> has another length.</exception>
    /// <exception cref="InvalidOperationException">The episode is over.</exception>
    public StepResult Step(ReadOnlySpan<OffloadingAction> actions)
    {
        RequireLength(actions.Length, Clients, nameof(actions));
        if (StepIndex >= Options.Steps)
            throw new InvalidOperationException($"The episode is over after {Options.Steps} steps: reset it first.");

        ServeOffloaded(actions);
        double cost = 0;
        int drained = 0, late = 0;
        for (var client = 0; client < Clients; client++)
        {
            var (energy, time) = Spend(client, actions[client]);
            var battery = _energies[client] - (energy * MjPerJoule) + (Options.HarvestJ * MjPerJoule);
            _energies[client] = battery = Math.Clamp(battery, 0, Options.EnergyMj.High);
            if (battery <= 0)
                time = Options.HorizonS;

            var lateness = Math.Max(time - _deadlines[client], 0);
            var missing = Math.Max(Options.ReserveMj - battery, 0) * JoulesPerMj;
            if (lateness > 0)
                late++;
            if (missing > 0)
                drained++;
            cost += (Options.EnergyWeight * energy) + (Options.TimeWeight * time)
                + (Options.BatteryWeight * missing) + (Options.DeadlineWeight * lateness);
        }

        StepIndex++;
        DrawTasks();
        return new StepResult(-cost, StepIndex == Options.Steps, (double)drained / Clients, (double)late / Clients);
    }

    private static double Draw(ref RandomStream random, Interval range) => random.NextUniform(range.Low, range.High);

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
            throw new ArgumentException($"Expected {expected} values, not {length}.", name);
    }

    private void Reset(int episode, DrawPurpose tasks)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(episode);
        _tasks = tasks;
        _episode = episode;
        StepIndex = 0;
        for (var client = 0; client < Clients; client++)
            _energies[client] = Math.Clamp(_initialEnergies[client], Options.EnergyMj.Low, Options.EnergyMj.High);
        DrawTasks();
    }

    private void DrawTasks()
    {
        for (var client = 0; client < Clients; client++)
        {
            var random = new RandomStream(_seed, _tasks, client, _episode, StepIndex);
            _sizes[client] = Draw(ref random, Options.SizeMb);
            _cycles[client] = Draw(ref random, Options.CyclesPerBit);
            _deadlines[client] = Draw(ref random, Options.DeadlineS);
        }
    }

    private double Bits(int client) => _sizes[client] * BitsPerMb;

    private double Watts(int client, double powerShare) => Math.Pow(10, (_powers[client] - DbmPerDbw) / 10) * powerShare;

    /// <summary>Sends the offloaded tasks and has the server finish them: fills transmission and finish times.</summary>
    private void ServeOffloaded(ReadOnlySpan<OffloadingAction> actions)
    {
        var count = 0;
        for (var client = 0; client < actions.Length; client++)
        {
            var action = actions[client];
            if (action.Placement == Placement.Local)
                continue;
            var time = action.Placement == Placement.Refused
                ? Options.HorizonS
                : TransmissionTime(client, action.PowerShare);
            _transmission[client] = time;
            _service[client] = Bits(client) * _cycles[client] / _serverHz;
            _finish[client] = double.NaN;
            if (double.IsNaN(time))
                continue;
            _arrivals[count] = time;
            _order[count] = client;
            count++;
        }

        var order = _order.AsSpan(0, count);
        ArrivalOrder.Sort(_arrivals.AsSpan(0, count), order);
        _server.Serve(order, _transmission, _service, _finish);
    }

    /// <summary>Energy in J and time in s, at most the horizon, that a client spends on its task.</summary>
    private (double Energy, double Time) Spend(int client, OffloadingAction action)
    {
        if (action.Placement != Placement.Local)
        {
            var energy = Watts(client, action.PowerShare) * _transmission[client];
            return (energy, Math.Min(_finish[client], Options.HorizonS));
        }

        var cycles = Bits(client) * _cycles[client];
        var hertz = _cpus[client] * HzPerGhz * action.CpuShare;
        return (Options.Capacitance * cycles * hertz * hertz, Math.Min(cycles / hertz, Options.HorizonS));
    }
}
