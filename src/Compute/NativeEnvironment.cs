using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Simulator.Compute;

/// <summary>
/// Settings that libtorch's OpenMP runtime reads once, when it is loaded. They go through the C library, since .NET keeps a copy of the
/// environment of its own on Unix that native code never sees.
/// </summary>
internal static partial class NativeEnvironment
{
    /// <summary>
    /// Idle OpenMP threads sleep instead of spinning, so that they leave the cores to the actors. A value that the user has set stays.
    /// Runs before the first tensor of this assembly can be made.
    /// </summary>
#pragma warning disable CA2255 // The point of a module initializer: nothing of this assembly runs earlier.
    [ModuleInitializer]
    internal static void Prepare()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetVariable("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);
        }
    }
#pragma warning restore CA2255

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
