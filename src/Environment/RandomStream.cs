using System.Diagnostics.CodeAnalysis;

namespace Simulator.Environment;

/// <summary>
/// Random numbers as a pure function of (seed, purpose, agent, episode, step) and the draw's position: two streams made from the same five
/// values give the same numbers on every node and thread, and no stream shares a number's counter with another.
/// </summary>
/// <remarks>
/// Philox 4x32-10 with key = seed and counter words c0 = index of the block of four words, c1 = agent, c2 = episode,
/// c3 = purpose in the upper 8 bits and step in the lower 24. A stream holds 2^34 words. The struct is mutable and allocates nothing:
/// keep it in a local variable or a field, pass it by reference.
/// </remarks>
[SuppressMessage("Naming", "CA1711", Justification = "Stream is the field's word for a sequence of random numbers.")]
public struct RandomStream
{
    /// <summary>Steps of an episode that have streams of their own: 2^24.</summary>
    public const int MaxSteps = 1 << StepBits;

    private const int StepBits = 24;
    private const int WordsPerBlock = 4;

    private readonly uint _key0;
    private readonly uint _key1;
    private readonly uint _agent;
    private readonly uint _episode;
    private readonly uint _purposeAndStep;

    private Philox4x32.Block _block;
    private uint _nextBlock;
    private int _left;
    private double _spareNormal;
    private bool _hasSpareNormal;

    /// <summary>Opens a stream at its first number.</summary>
    /// <param name="seed">Seed of the cell.</param>
    /// <param name="purpose">What is drawn.</param>
    /// <param name="agent">Index of the client that it is drawn for, or 0.</param>
    /// <param name="episode">Index of the episode, or 0.</param>
    /// <param name="step">Index of the step, below <see cref="MaxSteps"/>, or 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is negative or the step too large.</exception>
    public RandomStream(ulong seed, DrawPurpose purpose, int agent = 0, int episode = 0, int step = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(agent);
        ArgumentOutOfRangeException.ThrowIfNegative(episode);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(step, MaxSteps);
        _key0 = unchecked((uint)seed);
        _key1 = (uint)(seed >> 32);
        _agent = (uint)agent;
        _episode = (uint)episode;
        _purposeAndStep = ((uint)purpose << StepBits) | (uint)step;
    }

    /// <summary>The next 32 random bits.</summary>
    public uint NextUInt32()
    {
        if (_left == 0)
        {
            _block = Philox4x32.Generate(new(_nextBlock, _agent, _episode, _purposeAndStep), _key0, _key1);
            _nextBlock = unchecked(_nextBlock + 1);
            _left = WordsPerBlock;
        }

        return _left-- switch
        {
            4 => _block.X0,
            3 => _block.X1,
            2 => _block.X2,
            _ => _block.X3,
        };
    }

    /// <summary>Uniform in [0, 1) with 53 random bits, from two words.</summary>
    public double NextDouble()
    {
        var high = NextUInt32() >> 5;
        var low = NextUInt32() >> 6;
        return ((high * (double)(1 << 26)) + low) * (1.0 / (1L << 53));
    }

    /// <summary>Uniform between two bounds, both possible by rounding.</summary>
    public double NextUniform(double low, double high) =>
        Math.Min(low + ((high - low) * NextDouble()), high);

    /// <summary>Uniform between two bounds in single precision; the draw itself has 53 bits.</summary>
    public float NextUniformSingle(float low, float high) => (float)NextUniform(low, high);

    /// <summary>Standard normal, by Box and Muller's method: every second call returns the other value of the pair.</summary>
    public double NextNormal()
    {
        if (_hasSpareNormal)
        {
            _hasSpareNormal = false;
            return _spareNormal;
        }

        // 1 - u lies in (0, 1]: the logarithm stays finite.
        var radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        var (sin, cos) = Math.SinCos(2 * Math.PI * NextDouble());
        _spareNormal = radius * sin;
        _hasSpareNormal = true;
        return radius * cos;
    }

    /// <summary>
    /// Uniform in 0, ..., <paramref name="exclusiveMax"/> - 1 without bias (Lemire, "Fast random integer generation in an interval",
    /// ACM TOMACS 2019: multiply, and reject the few words that would favour some results).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is not positive.</exception>
    public int NextInt(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        var range = (uint)exclusiveMax;
        var rejectBelow = unchecked(0u - range) % range;
        ulong product;
        do
        {
            product = (ulong)NextUInt32() * range;
        }
        while (unchecked((uint)product) < rejectBelow);

        return (int)(product >> 32);
    }
}
