using System.Runtime.CompilerServices;

namespace Simulator.Environment;

/// <summary>
/// The counter-based generator Philox 4x32-10: a bijection of a 128-bit counter under a 64-bit key, in ten rounds.
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
/// </summary>
internal static class Philox4x32
{
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;

    // Weyl increments of the key: the golden ratio and the square root of three less one.
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>Four random words for one counter and key.</summary>
    /// <param name="counter">Counter words, least significant first.</param>
    /// <param name="key0">Low word of the key.</param>
    /// <param name="key1">High word of the key.</param>
    internal static Block Generate(Block counter, uint key0, uint key1)
    {
        for (var round = 0; round < Rounds; round++)
        {
            counter = Round(counter, key0, key1);
            unchecked
            {
                key0 += Weyl0;
                key1 += Weyl1;
            }
        }

        return counter;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Block Round(Block c, uint key0, uint key1)
    {
        var product0 = (ulong)Multiplier0 * c.X0;
        var product1 = (ulong)Multiplier1 * c.X2;
        return new Block(
            (uint)(product1 >> 32) ^ c.X1 ^ key0,
            unchecked((uint)product1),
            (uint)(product0 >> 32) ^ c.X3 ^ key1,
            unchecked((uint)product0));
    }

    /// <summary>Four words: a counter, or the random numbers that stand for it.</summary>
    internal readonly record struct Block(uint X0, uint X1, uint X2, uint X3);
}
