using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Simulator.Compute;

/// <summary>Copies between the host and a device.</summary>
internal static class Transfer
{
    /// <summary>
    /// Rows that an operation really takes: products of few rows, and rows that begin off a cache line, take paths of the matrix library whose last bits depend on the
    /// neighbours in the stack. Rows that pad are zero and pass no gradient.
    /// </summary>
    internal static int PaddedRows(int rows) => (rows + ParameterLayout.Alignment - 1) / ParameterLayout.Alignment * ParameterLayout.Alignment;

    /// <summary>Copies host floats [count, rows, width] to a new tensor [count, padded, width] on the device, zero where there are none.</summary>
    internal static Tensor UploadRows(this ComputeDevice device, ReadOnlySpan<float> values, int count, int rows, int padded, int width)
    {
        if (rows == padded)
        {
            return device.Upload(values, count, rows, width);
        }

        Span<float> all = new float[count * padded * width];
        for (var k = 0; k < count; k++)
        {
            values.Slice(k * rows * width, rows * width).CopyTo(all[(k * padded * width)..]);
        }

        return device.Upload(all, count, padded, width);
    }

    /// <summary>Copies host floats to a new tensor on the device.</summary>
    internal static Tensor Upload(this ComputeDevice device, ReadOnlySpan<float> values, params long[] shape)
    {
        var host = torch.empty(shape, dtype: ScalarType.Float32);
        values.CopyTo(MemoryMarshal.Cast<byte, float>(host.bytes));
        return device.IsCpu ? host : host.to(device.Torch);
    }

    /// <summary>Copies host integers to a new tensor on the device.</summary>
    internal static Tensor Upload(this ComputeDevice device, ReadOnlySpan<long> values, params long[] shape)
    {
        var host = torch.empty(shape, dtype: ScalarType.Int64);
        values.CopyTo(MemoryMarshal.Cast<byte, long>(host.bytes));
        return device.IsCpu ? host : host.to(device.Torch);
    }

    /// <summary>Copies a tensor's floats to the host.</summary>
    internal static void Download(Tensor tensor, Span<float> destination)
    {
        var host = tensor.cpu().contiguous();
        MemoryMarshal.Cast<byte, float>(host.bytes).CopyTo(destination);
    }
}
