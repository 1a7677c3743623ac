using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Simulator.Compute;

namespace Simulator.Lab.Benchmarks;

/// <summary>The machine that figures were measured on.</summary>
/// <param name="Processor">Name of the processor, as the system has it.</param>
/// <param name="Processors">Processors that this process may use.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="System">Operating system.</param>
/// <param name="Architecture">Architecture of the process.</param>
/// <param name="DotNet">Version of .NET.</param>
/// <param name="Libtorch">Version of libtorch.</param>
/// <param name="SimdBits">Width of the widest vectors that .NET makes use of.</param>
public sealed record MachineDescription(
    string Processor, int Processors, long MemoryBytes, string System, string Architecture, string DotNet, string Libtorch, int SimdBits)
{
    /// <summary>This machine.</summary>
    public static MachineDescription Here() => new(
        ProcessorName(),
        global::System.Environment.ProcessorCount,
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        RuntimeInformation.ProcessArchitecture.ToString(),
        global::System.Environment.Version.ToString(),
        ComputeDevice.LibraryVersion,
        Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 64);

    private static string ProcessorName()
    {
        const string file = "/proc/cpuinfo";
        const string key = "model name";
        try
        {
            var line = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(key, StringComparison.Ordinal)) : null;
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? global::System.Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? "unknown";
        }
        catch (IOException)
        {
            return "unknown";
        }
    }
}
