using System.Diagnostics;
using System.Text.Json;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Measures populations in child processes of the same program: what a population holds in memory is then what its process holds, and one that takes too much ends its process only.
/// </summary>
/// <param name="program">The program.</param>
/// <param name="arguments">Its arguments that the request follows, as JSON; it writes the answer, as JSON, as the last line of its output.</param>
public sealed class TrialProcess(string program, IReadOnlyList<string> arguments)
{
    /// <summary>How much longer than its own limit a process may take, to start and to end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Reads a request.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static TrialRequest ReadRequest(string json) => JsonSerializer.Deserialize<TrialRequest>(json) ?? throw new JsonException("no request");

    /// <summary>Writes an answer, in a line.</summary>
    public static string WriteAnswer(TrialAnswer answer) => JsonSerializer.Serialize(answer);

    /// <summary>Runs a request in a process, and reads its answer.</summary>
    /// <exception cref="MeasurementException">The process failed, or did not end.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the process is ended.</exception>
    public async Task<TrialAnswer> RunAsync(TrialRequest request, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in arguments.Append(JsonSerializer.Serialize(request)))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new MeasurementException($"{program} cannot be started");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(request.LimitSeconds) + Patience);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(patience.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                throw new MeasurementException($"the process that measured ended with status {process.ExitCode}{(process.ExitCode is 137 or 9 ? ", killed: out of memory?" : string.Empty)}");
            }

            return JsonSerializer.Deserialize<TrialAnswer>(output.TrimEnd().Split('\n')[^1]) ?? throw new MeasurementException("the process that measured said nothing");
        }
        catch (JsonException error)
        {
            throw new MeasurementException("the process that measured said something else than figures", error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new MeasurementException("the process that measured did not end", error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
