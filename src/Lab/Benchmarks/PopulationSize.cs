using System.Globalization;

namespace Simulator.Lab.Benchmarks;

/// <summary>The size of a population to be measured, in cells of <see cref="ClientsEach"/> clients.</summary>
/// <param name="Clients">Clients, a multiple of <see cref="ClientsEach"/>.</param>
/// <param name="Acting">Whether they only act.</param>
public sealed record PopulationSize(int Clients, bool Acting)
{
    /// <summary>Clients of each cell.</summary>
    public const int ClientsEach = 50;

    /// <summary>What the command line puts before the size of a population that only acts.</summary>
    public const string ActingPrefix = "act:";

    private const int Largest = 10_000_000;

    /// <summary>The sizes that the targets are set for, and smaller ones.</summary>
    public static IReadOnlyList<PopulationSize> Default { get; } =
        [new(1_000, Acting: false), new(10_000, Acting: false), new(Targets.LearningClients, Acting: false), new(Targets.ActingClients, Acting: true)];

    /// <summary>Reads a size: <c>1000</c>, or <c>act:1000</c>.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The size; null where the text is none.</returns>
    public static PopulationSize? Parse(string text)
    {
        var acting = text.StartsWith(ActingPrefix, StringComparison.Ordinal);
        var number = acting ? text[ActingPrefix.Length..] : text;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var clients) && clients is >= ClientsEach and <= Largest && clients % ClientsEach == 0
            ? new PopulationSize(clients, acting)
            : null;
    }

    /// <summary>What <see cref="Parse"/> allows, in words.</summary>
    public static string Allowed => $"multiples of {ClientsEach} up to {Largest}, those that only act with {ActingPrefix} before them, are allowed";

    /// <summary>As <see cref="Parse"/> reads it.</summary>
    public override string ToString() => $"{(Acting ? ActingPrefix : string.Empty)}{Clients.ToString(CultureInfo.InvariantCulture)}";
}
