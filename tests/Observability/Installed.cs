namespace Simulator.Observability.Tests;

/// <summary>Programs of others that tests run where they are installed.</summary>
internal static class Installed
{
    /// <summary>Why a test that needs one of Prometheus' programs is skipped.</summary>
    public const string PrometheusMissing = "Prometheus is not on the path: prometheus and promtool come together (Debian: apt-get install prometheus)";

    /// <summary>Path of a program; null where the path has none.</summary>
    public static string? Find(string name) =>
        (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).SelectMany(folder => new[] { Path.Combine(folder, name), Path.Combine(folder, name + ".exe") }).FirstOrDefault(File.Exists);
}
