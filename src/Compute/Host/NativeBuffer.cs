using System.Runtime.InteropServices;

namespace Simulator.Compute;

/// <summary>Floats outside the managed heap, zero at first, aligned to 64 bytes.</summary>
internal sealed unsafe class NativeBuffer : SafeHandle
{
    private const int Alignment = 64;

    /// <summary>Allocates.</summary>
    /// <exception cref="OutOfMemoryException">There is no room.</exception>
    internal NativeBuffer(long length)
        : base(0, ownsHandle: true)
    {
        Length = length;
        var bytes = checked((nuint)length * sizeof(float));
        Pointer = (float*)NativeMemory.AlignedAlloc(bytes, Alignment);
        SetHandle((nint)Pointer);
        NativeMemory.Clear(Pointer, bytes);
    }

    /// <summary>The first float; not to be used after <see cref="SafeHandle.Dispose()"/>.</summary>
    internal float* Pointer { get; }

    internal long Length { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.AlignedFree((void*)handle);
        return true;
    }
}
