using System.Globalization;
using TorchSharp;

namespace Simulator.Compute;

/// <summary>Thrown when the device that was asked for is not there.</summary>
public sealed class DeviceNotFoundException : Exception
{
    /// <summary>Makes the exception with a message for the user.</summary>
    public DeviceNotFoundException(string message)
        : base(message)
    {
    }

    /// <summary>Makes the exception with a message for the user and its cause.</summary>
    public DeviceNotFoundException(string message, Exception inner)
        : base(message, inner)
    {
    }

    /// <summary>Makes the exception.</summary>
    public DeviceNotFoundException()
    {
    }
}

/// <summary>The device that a batching actor owns: the CPU or one GPU.</summary>
public sealed class ComputeDevice
{
    private readonly Lazy<torch.Device>? _torch;

    private ComputeDevice(string name, int threads, Func<torch.Device>? torchDevice)
    {
        Name = name;
        Threads = threads;
        _torch = torchDevice is null ? null : new Lazy<torch.Device>(torchDevice);
    }

    /// <summary>Name as the command line has it: <c>cpu</c> or <c>cuda:N</c>.</summary>
    public string Name { get; }

    /// <summary>The processor, computing with our own kernels on all its threads.</summary>
    public static ComputeDevice Cpu { get; } = new("cpu", System.Environment.ProcessorCount, null);

    /// <summary>The processor, computing as a GPU does, with libtorch's operations: for comparison.</summary>
    public static ComputeDevice Reference { get; } = new("cpu", 1, () => torch.CPU);

    /// <summary>Most threads that one operation uses; on a GPU one, which feeds it.</summary>
    public int Threads { get; }

    /// <summary>Version of the libtorch that TorchSharp is bound to.</summary>
    public static string LibraryVersion => torch.__version__;

    /// <summary>
    /// The device as several batching actors share it: as many as there are threads or cells, each with its part of the threads. With many cells every thread takes operations of its own; with fewer
    /// cells than threads the threads share operations. A GPU is not split.
    /// </summary>
    /// <param name="threads">Threads of all together, at least one.</param>
    /// <param name="cells">Cells that compute on the device, at least one.</param>
    public IReadOnlyList<ComputeDevice> Split(int threads, int cells)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(cells);
        var parts = IsHost ? Math.Min(threads, cells) : 1;
        return [.. Enumerable.Range(0, parts).Select(i => WithThreads((threads / parts) + (i < threads % parts ? 1 : 0)))];
    }

    /// <summary>The same device, with fewer or more threads an operation; a GPU stays as it is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one.</exception>
    public ComputeDevice WithThreads(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        return IsHost ? new ComputeDevice(Name, threads, null) : this;
    }

    /// <summary>Whether our own kernels compute, and not libtorch.</summary>
    internal bool IsHost => _torch is null;

    internal torch.Device Torch => _torch?.Value ?? throw new InvalidOperationException("this device computes without libtorch");

    internal bool IsCpu => Torch.type == DeviceType.CPU;

    /// <summary>Finds a device by its name: <c>auto</c> (CUDA where it is there, else the CPU), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    /// <param name="name">Name of the device.</param>
    /// <exception cref="DeviceNotFoundException">The name is none of these, or no such device is there.</exception>
    public static ComputeDevice Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        switch (name)
        {
            case "cpu":
                return Cpu;
            case "auto":
                return CudaCount() > 0 ? Cuda(0) : Cpu;
            case "cuda":
                return FindCuda(name, 0);
            default:
                const string prefix = "cuda:";
                if (name.StartsWith(prefix, StringComparison.Ordinal)
                    && int.TryParse(name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index))
                {
                    return FindCuda(name, index);
                }

                throw new DeviceNotFoundException($"'{name}' is no device: auto, cpu, cuda or cuda:N is allowed");
        }
    }

    private static ComputeDevice Cuda(int index) => new($"cuda:{index.ToString(CultureInfo.InvariantCulture)}", 1, () => new torch.Device(DeviceType.CUDA, index));

    private static ComputeDevice FindCuda(string name, int index)
    {
        var count = CudaCount();
        if (index < count)
        {
            return Cuda(index);
        }

        var there = count switch { 0 => "no CUDA device is there", 1 => "the only CUDA device there is cuda:0", _ => $"CUDA devices 0 to {count - 1} are there" };
        throw new DeviceNotFoundException($"device '{name}' is not there: {there}; auto or cpu is always allowed");
    }

    private static int CudaCount() => torch.cuda.is_available() ? torch.cuda.device_count() : 0;
}
