namespace Simulator.Environment;

/// <summary>Where a client's task runs; the numbers are the x of the original's joint action.</summary>
public enum Placement
{
    /// <summary>On the client itself.</summary>
    Local = 0,

    /// <summary>On the edge server.</summary>
    Offload = 1,

    /// <summary>Sent to the server and refused: it counts as offloaded, with a transmission time of the horizon (1 s).</summary>
    Refused = 2,
}

/// <summary>What a policy puts out for one client: three numbers in [-1, 1].</summary>
public static class RawAction
{
    /// <summary>Numbers of one client: proposal, processor share, power share.</summary>
    public const int Width = 3;

    /// <summary>Column whose sign proposes to offload: at least 0 proposes.</summary>
    public const int Proposal = 0;

    /// <summary>Column of the processor share.</summary>
    public const int CpuShare = 1;

    /// <summary>Column of the power share.</summary>
    public const int PowerShare = 2;

    /// <summary>Whether a raw action proposes to offload. NaN does not.</summary>
    public static bool Proposes(ReadOnlySpan<float> raw) => raw[Proposal] >= 0;
}

/// <summary>One client's part of the joint action (ccm-madrl, section 1).</summary>
/// <param name="Placement">Where the task runs.</param>
/// <param name="CpuShare">Share c of the processor's frequency, in [0.01, 1]; used when the task runs locally.</param>
/// <param name="PowerShare">Share p of the transmission power, in [0.01, 1]; used when the task is offloaded.</param>
public readonly record struct OffloadingAction(Placement Placement, double CpuShare, double PowerShare)
{
    /// <summary>Smallest share of processor or power, reached at a raw action of -1.</summary>
    public const double MinShare = 0.01;

    /// <summary>Maps a policy's output to an action: shares are (a + 1) * 0.99 / 2 + 0.01 (ccm-madrl, section 2).</summary>
    /// <param name="raw">Raw action of one client, [<see cref="RawAction.Width"/>], in [-1, 1].</param>
    /// <param name="selected">Whether the master lets the client offload.</param>
    /// <exception cref="ArgumentException"><paramref name="raw"/> has another length.</exception>
    public static OffloadingAction FromRaw(ReadOnlySpan<float> raw, bool selected)
    {
        if (raw.Length != RawAction.Width)
            throw new ArgumentException($"A raw action has {RawAction.Width} numbers, not {raw.Length}.", nameof(raw));
        return new(
            selected ? Placement.Offload : Placement.Local,
            ToShare(raw[RawAction.CpuShare]),
            ToShare(raw[RawAction.PowerShare]));
    }

    private static double ToShare(double raw) => ((raw + 1) * (1 - MinShare) / 2) + MinShare;
}
