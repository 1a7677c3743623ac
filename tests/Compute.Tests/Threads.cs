using System.Runtime.CompilerServices;

namespace Simulator.Compute.Tests;

/// <summary>Tests may touch torch before anything of the simulator: its settings of libtorch come first here, too.</summary>
internal static class Threads
{
#pragma warning disable CA2255 // libtorch reads the settings once, when it is loaded.
    [ModuleInitializer]
    internal static void Prepare() => RuntimeHelpers.RunModuleConstructor(typeof(Bank).Module.ModuleHandle);
#pragma warning restore CA2255
}
