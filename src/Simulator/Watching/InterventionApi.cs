using System.Text.Json;
using System.Text.Json.Serialization;
using Simulator.Lab;
using Simulator.Protocol;

namespace Simulator;

/// <summary>What may stand in the body of a request: everything, or nothing at all.</summary>
/// <param name="BeforeEpisode">Episode before which the intervention takes effect, from 1; the next one where it is left out.</param>
/// <param name="Factor">What the learning rate is multiplied by; for scale-rate alone, and there it must be given.</param>
internal sealed record InterventionBody(int? BeforeEpisode, double? Factor);

/// <summary>An intervention as the API tells it.</summary>
internal sealed record InterventionDocument(int Number, DateTimeOffset? Time, string Kind, int Cell, string Name, int? Agent, double? Factor, int BeforeEpisode, int? Episode)
{
    internal static InterventionDocument Of(Intervention intervention, string name, DateTimeOffset? time = null, int? episode = null) => new(
        intervention.Number,
        time,
        RunInterventions.WordOf(intervention.Kind),
        intervention.Cell,
        name,
        intervention.OnAgent ? intervention.Agent : null,
        intervention.Kind == InterventionKind.ScaleRate ? intervention.Factor : null,
        intervention.Before,
        episode);
}

/// <summary>Serialisation of what the API is asked, made when the program is built: a key that it does not know is refused.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InterventionBody))]
[JsonSerializable(typeof(InterventionDocument))]
[JsonSerializable(typeof(IReadOnlyList<InterventionDocument>))]
internal sealed partial class InterventionJson : JsonSerializerContext;

/// <summary>
/// POST /api/cells/{cell}/pause, resume or stop; POST /api/cells/{cell}/agents/{agent}/reset-output or scale-rate; GET /api/interventions. What is asked for is answered with 202 when it is on the disk,
/// and takes effect before an episode.
/// </summary>
internal static class InterventionApi
{
    private const int LongestBody = 4096;

    internal static void MapInterventions(this WebApplication app, Watched watched, WriteAccess access)
    {
        var cells = app.MapGroup("/api/cells/{cell:int}");
        foreach (var (path, kind) in new[] { ("pause", InterventionKind.Pause), ("resume", InterventionKind.Resume), ("stop", InterventionKind.Stop) })
        {
            cells.MapPost(path, (int cell, HttpContext context) => AskAsync(context, watched, access, new Intervention(0, cell, kind)));
        }

        foreach (var (path, kind) in new[] { ("reset-output", InterventionKind.ResetOutput), ("scale-rate", InterventionKind.ScaleRate) })
        {
            cells.MapPost($"agents/{{agent:int}}/{path}", (int cell, int agent, HttpContext context) => AskAsync(context, watched, access, new Intervention(0, cell, kind) { Agent = agent }));
        }

        app.Map("/api/{**rest}", (HttpContext context) => Problem(StatusCodes.Status404NotFound, $"there is no {context.Request.Method} {context.Request.Path}; docs/observability.md lists what there is"));
        app.MapGet("/api/interventions", () => Results.Json(
            (IReadOnlyList<InterventionDocument>)[.. (watched.Run?.Interventions.Records ?? []).Select(r => InterventionDocument.Of(r.Intervention, watched.Cells[r.Intervention.Cell].Name, r.Time, r.Episode))],
            InterventionJson.Default.IReadOnlyListInterventionDocument));
    }

    private static async Task<IResult> AskAsync(HttpContext context, Watched watched, WriteAccess access, Intervention asked)
    {
        if (access.RefusalOf(context.Request) is var (status, why))
        {
            if (status == StatusCodes.Status401Unauthorized)
            {
                context.Response.Headers.WWWAuthenticate = "Bearer";
            }

            return Problem(status, why);
        }

        if (watched.Run is not { } run)
        {
            return Problem(StatusCodes.Status503ServiceUnavailable, "the run has not begun");
        }

        try
        {
            var body = await BodyAsync(context.Request, context.RequestAborted).ConfigureAwait(false);
            if (body.Factor is null == (asked.Kind == InterventionKind.ScaleRate))
            {
                return Problem(StatusCodes.Status400BadRequest, body.Factor is null ? """scale-rate needs the factor that the learning rate is multiplied by: {"factor": 0.1}""" : "a factor is for scale-rate alone");
            }

            if (body.BeforeEpisode is < 1)
            {
                return Problem(StatusCodes.Status400BadRequest, "before_episode is an episode, from 1 on");
            }

            var intervention = run.Interventions.Ask(asked with { Factor = body.Factor ?? 1, Before = body.BeforeEpisode ?? 0 });
            return Results.Json(InterventionDocument.Of(intervention, watched.Cells[intervention.Cell].Name), InterventionJson.Default.InterventionDocument, statusCode: StatusCodes.Status202Accepted);
        }
        catch (JsonException fault)
        {
            return Problem(StatusCodes.Status400BadRequest, $"""the body is nothing, or JSON such as {"{"}"before_episode": 500{"}"}: {fault.Message.Split(" to any .NET member", 2)[0]}""");
        }
        catch (BadHttpRequestException fault)
        {
            return Problem(fault.StatusCode, fault.Message);
        }
        catch (KeyNotFoundException fault)
        {
            return Problem(StatusCodes.Status404NotFound, fault.Message);
        }
        catch (ArgumentException fault)
        {
            return Problem(StatusCodes.Status400BadRequest, fault.Message.Split(" (Parameter", 2)[0]);
        }
        catch (InterventionException fault)
        {
            return Problem(StatusCodes.Status409Conflict, fault.Message);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Problem(StatusCodes.Status503ServiceUnavailable, $"it could not be written to the run's folder, and is not done: {fault.Message}");
        }
    }

    private static async Task<InterventionBody> BodyAsync(HttpRequest request, CancellationToken aborted)
    {
        using var buffer = new MemoryStream();
        var part = new byte[LongestBody];
        for (int read; (read = await request.Body.ReadAsync(part, aborted).ConfigureAwait(false)) > 0;)
        {
            if (buffer.Length + read > LongestBody)
            {
                throw new BadHttpRequestException($"a body has {LongestBody} bytes at most", StatusCodes.Status413PayloadTooLarge);
            }

            buffer.Write(part, 0, read);
        }

        if (buffer.Length == 0)
        {
            return new InterventionBody(null, null);
        }

        if (!request.HasJsonContentType())
        {
            throw new BadHttpRequestException("a body is JSON, and its Content-Type says so: application/json", StatusCodes.Status415UnsupportedMediaType);
        }

        return JsonSerializer.Deserialize(buffer.ToArray(), InterventionJson.Default.InterventionBody) ?? new InterventionBody(null, null);
    }

    private static IResult Problem(int status, string why) => Results.Problem(why, statusCode: status);
}
