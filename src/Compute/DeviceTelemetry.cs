using System.Diagnostics;
using Simulator.Telemetry;

namespace Simulator.Compute;

/// <summary>What a batching actor tells of its device while it runs: how many requests its operations answer, how long those waited, and what memory its networks take. Read from any thread.</summary>
/// <param name="device">Name of the device among those of the process.</param>
public sealed class DeviceTelemetry(string device)
{
    private readonly KeyValuePair<string, object?> _device = new("device", device);
    private long _bytes;

    /// <summary>Name of the device.</summary>
    public string Device => device;

    /// <summary>Bytes that the networks take, with the optimiser's moments.</summary>
    public long Bytes
    {
        get => Volatile.Read(ref _bytes);
        internal set => Volatile.Write(ref _bytes, value);
    }

    internal static KeyValuePair<string, object?> Operation(string name) => new("operation", name);

    /// <summary>The time at which a request came; 0 while nobody listens.</summary>
    internal static long Now() => Instruments.BatchDelay.Enabled ? Stopwatch.GetTimestamp() : 0;

    /// <summary>An operation begins.</summary>
    /// <param name="operation">What <see cref="Operation"/> gave.</param>
    /// <param name="requests">Requests that it answers.</param>
    /// <param name="since">When the first of them came; 0 where nobody listened then.</param>
    internal void Begins(KeyValuePair<string, object?> operation, int requests, long since)
    {
        Instruments.BatchSize.Record(requests, _device, operation);
        if (since != 0)
        {
            Instruments.BatchDelay.Record(Stopwatch.GetElapsedTime(since).TotalSeconds, _device, operation);
        }
    }
}
