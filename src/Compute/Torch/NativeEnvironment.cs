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
    /// One thread an operation: with more, the matrix library splits small products differently, and the last bits of a result would depend on the machine's processors and on how
    /// many cells an operation happens to hold. It is also the faster choice here (docs/decisions). Runs before the first tensor of this assembly can be made.
    /// </summary>
#pragma warning disable CA2255 // The point of a module initializer: nothing of this assembly runs earlier.
    [ModuleInitializer]
    internal static void Prepare()
    {
        Set("OMP_NUM_THREADS", "1");
        Set("MKL_NUM_THREADS", "1");

        // Whoever asks libtorch for more threads all the same should not have them spin on the cores that the actors need.
        Set("OMP_WAIT_POLICY", "PASSIVE");
    }
#pragma warning restore CA2255

    private static void Set(string name, string value)
    {
        if (OperatingSystem.IsWindows())
        {
            System.Environment.SetEnvironmentVariable(name, value);
        }
        else if (SetVariable(name, value, overwrite: 1) != 0)
        {
            throw new InvalidOperationException($"the environment variable {name} cannot be set");
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
