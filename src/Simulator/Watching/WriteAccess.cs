using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Simulator;

/// <summary>
/// Who may change a run over HTTP: whoever has the token that the environment variable <see cref="Variable"/> gives, from anywhere; without it programs and pages of this machine alone. A page of
/// another site that a browser of this machine shows is none: its Origin or, where it has its own name resolved to this machine, its Host says so.
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
        if (request.Headers.Authorization is { Count: > 0 } given)
        {
            var text = given.ToString();
            return _token is not null && text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && CryptographicOperations.FixedTimeEquals(_token, Hash(text[Scheme.Length..].Trim()))
                ? null
                : (StatusCodes.Status401Unauthorized, _token is null ? $"{Variable} is not set, so there is no token" : "the token is another one");
        }

        if (request.HttpContext.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address))
        {
            return (StatusCodes.Status401Unauthorized, $"from another machine a token is needed: {Variable} of the simulator, sent as Authorization: Bearer TOKEN");
        }

        if (Array.Find(ForwardingHeaders, request.Headers.ContainsKey) is { } header)
        {
            return (StatusCodes.Status401Unauthorized, $"the request was forwarded ({header}), so that it may come from another machine: a token is needed");
        }

        if (!IsThisMachine(request.Host.Host))
        {
            return (StatusCodes.Status403Forbidden, $"'{request.Host}' is no name of this machine for itself: localhost, 127.0.0.1 and [::1] are");
        }

        return request.Headers.Origin is { Count: > 0 } origin && !origin.ToString().Equals($"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase)
            ? (StatusCodes.Status403Forbidden, $"a page of '{origin}' may change nothing here")
            : null;
    }

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
