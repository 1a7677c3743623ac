using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Simulator;

/// <summary>
/// Who may change a run over HTTP. Where the environment variable <see cref="Variable"/> gives a token, whoever sends it, from anywhere, and nobody else. Without one programs and pages of this machine: a page of
/// another site that a browser of this machine shows is none, and its Origin, the browser's word on where the request comes from, or, where it has its own name resolved to this machine, its Host says so.
/// A proxy or tunnel that adds no header of its own cannot be told from this machine.
/// </summary>
internal sealed class WriteAccess
{
    /// <summary>Environment variable with the token; empty as not set.</summary>
    internal const string Variable = "SIMULATOR_TOKEN";

    /// <summary>Fewest characters of a token.</summary>
    internal const int ShortestToken = 16;

    private const string Scheme = "Bearer ";

    private static readonly string[] ForwardingHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via"];

    private readonly byte[]? _token;

    private WriteAccess(string? token) => _token = token is null ? null : Hash(token);

    /// <summary>Access with a token; null for none.</summary>
    /// <exception cref="ListenException">It is too short to be one.</exception>
    internal static WriteAccess With(string? token) => token is null or { Length: 0 } ? new WriteAccess(null)
        : token.Length >= ShortestToken ? new WriteAccess(token)
        : throw new ListenException($"{Variable} has {token.Length} characters: a token has {ShortestToken} or more");

    /// <summary>Why a request may not change anything; null where it may.</summary>
    /// <param name="request">The request.</param>
    /// <returns>The status to answer with, and why.</returns>
    internal (int Status, string Why)? RefusalOf(HttpRequest request)
    {
        var given = request.Headers.Authorization.ToString();
        if (_token is not null)
        {
            return given.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(_token, Hash(given[Scheme.Length..].Trim()))
                ? null
                : (StatusCodes.Status401Unauthorized, given.Length == 0 ? $"a token is needed: {Variable} of the simulator, sent as Authorization: Bearer TOKEN" : "the token is another one");
        }

        if (given.Length > 0)
        {
            return (StatusCodes.Status401Unauthorized, $"{Variable} of the simulator is not set, so there is no token");
        }

        if (request.HttpContext.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
        {
            return (StatusCodes.Status401Unauthorized, $"from another machine a token is needed, and the simulator was started without one ({Variable})");
        }

        if (Array.Find(ForwardingHeaders, request.Headers.ContainsKey) is { } header)
        {
            return (StatusCodes.Status401Unauthorized, $"the request was forwarded ({header}), so that it may come from another machine: a token is needed, and the simulator was started without one ({Variable})");
        }

        if (!IsThisMachine(request.Host.Host))
        {
            return (StatusCodes.Status403Forbidden, $"'{request.Host}' is no name of this machine for itself: localhost, 127.0.0.1 and [::1] are");
        }

        if (request.Headers["Sec-Fetch-Site"] is { Count: > 0 } site && site.ToString() is not ("same-origin" or "none"))
        {
            return (StatusCodes.Status403Forbidden, "a page of another site may change nothing here");
        }

        return request.Headers.Origin is { Count: > 0 } origin && !origin.ToString().Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
            ? (StatusCodes.Status403Forbidden, $"a page of '{origin}' may change nothing here")
            : null;
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
