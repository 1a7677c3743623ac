using System.Buffers;

namespace Simulator.Master;

/// <summary>
/// The large arrays of one update, from the process's pool and back to it together: they would otherwise live and die in the large object heap once an episode, and each cell's would wait there for a
/// full collection.
/// </summary>
internal sealed class RentedArrays : IDisposable
{
    private readonly List<float[]> _rented = [];

    /// <summary>An array of at least that length, holding whatever was there before.</summary>
    internal float[] Take(int length)
    {
        var array = ArrayPool<float>.Shared.Rent(length);
        _rented.Add(array);
        return array;
    }

    /// <summary>Gives all of them back: nobody may read them any more.</summary>
    public void Dispose()
    {
        foreach (var array in _rented)
        {
            ArrayPool<float>.Shared.Return(array);
        }

        _rented.Clear();
    }
}
