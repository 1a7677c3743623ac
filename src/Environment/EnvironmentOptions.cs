using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Simulator.Environment;

/// <summary>How the edge server runs the tasks that are offloaded to it.</summary>
public enum ServerMode
{
    /// <summary>A fixed number of computing units with a queue in front of them (ccm-madrl, section 1).</summary>
    H2,

    /// <summary>Every offloaded task starts as soon as it has arrived; there is no queue.</summary>
    TOBM,
}

/// <summary>How tasks wait for a computing unit in <see cref="ServerMode.H2"/>.</summary>
public enum QueueDiscipline
{
    /// <summary>The original's: the backlog is added again for each waiting task.</summary>
    Reference,

    /// <summary>A plain first-in-first-out queue.</summary>
    Fifo,
}

/// <summary>A closed interval that a quantity is drawn from, uniformly.</summary>
/// <param name="Low">Smallest value.</param>
/// <param name="High">Largest value, not less than <paramref name="Low"/>.</param>
public readonly record struct Interval(double Low, double High)
{
    /// <summary>Maps a value of the interval to [-1, 1]; an interval without width maps to 0.</summary>
    public double ToUnit(double value) => High > Low ? (2 * (value - Low) / (High - Low)) - 1 : 0;
}

/// <summary>The constants of one mobile-edge cell, with their units. Defaults are the original's (ccm-madrl, section 1).</summary>
public sealed record EnvironmentOptions
{
    /// <summary>How the server runs offloaded tasks.</summary>
    [Description("How the edge server runs offloaded tasks: H2 queues them on its units, TOBM starts each on arrival.")]
    public ServerMode Server { get; init; } = ServerMode.H2;

    /// <summary>How tasks wait in H2.</summary>
    [Description("How tasks wait in H2: reference adds the backlog again for each waiting task, as the original does; fifo is a plain queue.")]
    public QueueDiscipline Queue { get; init; } = QueueDiscipline.Reference;

    /// <summary>Steps of an episode.</summary>
    [Description("Steps of an episode.")]
    [Range(1, 100_000)]
    public int Steps { get; init; } = 10;

    /// <summary>Radio channels; also the most clients selected at once in H2.</summary>
    [Description("Radio channels that share the bandwidth; also the most clients that may offload at once in H2.")]
    [Range(1, 100_000)]
    public int Channels { get; init; } = 10;

    /// <summary>Computing units of the server; also the most clients selected at once in TOBM.</summary>
    [Description("Computing units of the server; also the most clients that may offload at once in TOBM.")]
    [Range(1, 100_000)]
    public int Units { get; init; } = 8;

    /// <summary>Server storage, in MB: the most that tasks selected at once may sum to.</summary>
    [Description("Server storage in MB: what the tasks selected at once may sum to.")]
    [Range(0.0, 1e9)]
    public double StorageMb { get; init; } = 400;

    /// <summary>Weight of the energy term, per J.</summary>
    [Description("Weight of the energy term of the cost, per joule.")]
    [Range(0.0, 1e6)]
    public double EnergyWeight { get; init; } = 0.5;

    /// <summary>Weight of the time term, per s.</summary>
    [Description("Weight of the time term of the cost, per second.")]
    [Range(0.0, 1e6)]
    public double TimeWeight { get; init; } = 0.5;

    /// <summary>Weight of an empty battery, per J missing to the reserve.</summary>
    [Description("Weight of the battery violation, per joule missing to the reserve.")]
    [Range(0.0, 1e6)]
    public double BatteryWeight { get; init; } = 0.5;

    /// <summary>Weight of lateness, per s.</summary>
    [Description("Weight of the deadline violation, per second late.")]
    [Range(0.0, 1e6)]
    public double DeadlineWeight { get; init; } = 0.5;

    /// <summary>Bandwidth shared by all channels, in MHz.</summary>
    [Description("Bandwidth in MHz that the channels share.")]
    [Range(1e-6, 1e9)]
    public double BandwidthMhz { get; init; } = 40;

    /// <summary>Speed of one server unit, in GHz.</summary>
    [Description("Speed of one unit of the server in GHz.")]
    [Range(1e-6, 1e9)]
    public double ServerGhz { get; init; } = 4;

    /// <summary>Effective switched capacitance of a client's processor, in J s^2 per cycle.</summary>
    [Description("Effective switched capacitance of a client's processor: energy is this times cycles times frequency squared.")]
    [Range(0.0, 1.0)]
    public double Capacitance { get; init; } = 5e-27;

    /// <summary>Energy harvested in each step, in J.</summary>
    [Description("Energy in joules that a client harvests in each step.")]
    [Range(0.0, 1e9)]
    public double HarvestJ { get; init; } = 0.001;

    /// <summary>Battery reserve, in MJ: below it the battery counts as violated.</summary>
    [Description("Battery reserve in MJ: below it the energy constraint is violated.")]
    [Range(0.0, 1e6)]
    public double ReserveMj { get; init; } = 0.5;

    /// <summary>Longest time a task is counted with, in s; also the transmission time of a refused task.</summary>
    [Description("Longest time in seconds that a task counts with; also the transmission time of a refused task.")]
    [Range(1e-6, 1e6)]
    public double HorizonS { get; init; } = 1;

    /// <summary>Transmission power P, in dBm; drawn once per client.</summary>
    [Description("Transmission power in dBm, drawn once for each client.")]
    [Range(-200.0, 200.0)]
    public Interval PowerDbm { get; init; } = new(1, 24);

    /// <summary>Initial energy E0, in MJ; drawn once per client. The upper end is the battery's capacity.</summary>
    [Description("Initial energy in MJ, drawn once for each client; the upper end is the battery's capacity.")]
    [Range(0.0, 1e6)]
    public Interval EnergyMj { get; init; } = new(0.5, 3.2);

    /// <summary>Channel gain G, in dB; drawn once per client.</summary>
    [Description("Channel gain in dB, drawn once for each client.")]
    [Range(-200.0, 200.0)]
    public Interval GainDb { get; init; } = new(5, 14);

    /// <summary>Processor speed F, in GHz; drawn once per client.</summary>
    [Description("Processor speed in GHz, drawn once for each client.")]
    [Range(1e-6, 1e6)]
    public Interval CpuGhz { get; init; } = new(0.4, 1.5);

    /// <summary>Task size S, in MB; drawn at every step.</summary>
    [Description("Task size in MB, drawn at every step.")]
    [Range(1e-6, 1e6)]
    public Interval SizeMb { get; init; } = new(1, 50);

    /// <summary>Task cycles C, per bit; drawn at every step.</summary>
    [Description("Processor cycles per bit of a task, drawn at every step.")]
    [Range(1e-6, 1e9)]
    public Interval CyclesPerBit { get; init; } = new(300, 737.5);

    /// <summary>Task deadline D, in s; drawn at every step.</summary>
    [Description("Deadline in seconds of a task, drawn at every step.")]
    [Range(0.0, 1e6)]
    public Interval DeadlineS { get; init; } = new(0.1, 0.9);

    /// <summary>Most clients that may offload at once: channels in H2, units in TOBM.</summary>
    [Browsable(false)]
    public int SelectionLimit => Server == ServerMode.H2 ? Channels : Units;
}
