namespace Simulator.Compute;

/// <summary>
/// Memory for the steps in between of one operation, kept by each thread and used again by the next operation, so that a steady state allocates nothing. Taken like a stack: what a frame took
/// is free again when it is disposed. A thread keeps what its largest operation took until it ends.
/// </summary>
internal sealed unsafe class Scratch
{
    private const long SmallestChunk = 1 << 18;
    private const int Alignment = 16;

    [ThreadStatic]
    private static Scratch? _current;

    private readonly List<NativeBuffer> _chunks = [];
    private int _chunk;
    private long _used;

    /// <summary>Begins a frame on this thread's memory.</summary>
    internal static Frame Open() => new(_current ??= new Scratch());

    private float* Take(long count)
    {
        var wanted = (count + Alignment - 1) / Alignment * Alignment;
        while (_chunk < _chunks.Count && _used + wanted > _chunks[_chunk].Length)
        {
            _chunk++;
            _used = 0;
        }

        if (_chunk == _chunks.Count)
        {
            // Powers of two: what grows a little from time to time finds room in the chunk of last time.
            _chunks.Add(new NativeBuffer(Math.Max(SmallestChunk, (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)wanted))));
            _used = 0;
        }

        var taken = _chunks[_chunk].Pointer + _used;
        _used += wanted;
        return taken;
    }

    /// <summary>What one operation takes.</summary>
    internal readonly ref struct Frame
    {
        private readonly Scratch _scratch;
        private readonly int _chunk;
        private readonly long _used;

        internal Frame(Scratch scratch)
        {
            _scratch = scratch;
            (_chunk, _used) = (scratch._chunk, scratch._used);
        }

        /// <summary>Memory for that many floats, holding whatever was there before; valid until the frame is disposed.</summary>
        internal float* Take(long count) => _scratch.Take(count);

        /// <summary>Rows of floats one after the other.</summary>
        internal Rows Take(int rows, int width) => new(_scratch.Take((long)rows * width), width);

        /// <summary>Gives back what was taken since the frame began.</summary>
        public void Dispose() => (_scratch._chunk, _scratch._used) = (_chunk, _used);
    }
}
