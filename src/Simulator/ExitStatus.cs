namespace Simulator;

/// <summary>Exit statuses of all commands.</summary>
internal static class ExitStatus
{
    internal const int Done = 0;
    internal const int Failed = 1;
    internal const int WrongUsage = 2;
    internal const int Interrupted = 130;
}
