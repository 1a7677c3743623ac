using System.Diagnostics;
using System.Text.Json;

namespace Simulator.Lab.Benchmarks;

/// <summary>
/// Measures populations in child processes of the same program: what a population holds in memory is then what its process holds, and one that takes too much ends its process only.
/// </summary>
/// <param name="program">The program.</param>
/// <param name="arguments">
/// Its arguments that the request follows, as JSON. It writes the answer, as JSON, in a line of its output, and is then killed: it may be in the middle of a long operation of its device, and libtorch cannot
/// be unloaded there. It ends when its input does, so that no child outlives its parent.
/// </param>
public sealed class TrialProcess(string program, IReadOnlyList<string> arguments)
{
    /// <summary>Exit status of a process that was killed.</summary>
    private const int Killed = 137;

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
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in arguments.Append(JsonSerializer.Serialize(request)))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new MeasurementException($"{program} cannot be started");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(TimeSpan.FromSeconds(request.LimitSeconds) + Patience);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(patience.Token).ConfigureAwait(false) is { } line)
            {
                if (line.StartsWith('{'))
                {
                    return JsonSerializer.Deserialize<TrialAnswer>(line) ?? throw new JsonException("no answer");
                }
            }

            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            throw new MeasurementException($"the process that measured ended with status {process.ExitCode}{(process.ExitCode == Killed ? ", killed: out of memory?" : string.Empty)}");
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
